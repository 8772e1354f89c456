/**
 * A place in a channel's history, and its text form, the cursor. Clients treat a cursor as opaque; inside
 * tailrace it is `1.<epoch>.<entry>.<seq>`: readable in a log, safe in a URL and a file name.
 */

/** The epoch of a channel that has no history yet: it agrees with whatever history begins. */
export const VOID_EPOCH = '0';

/** The entry before the first one, as Redis Streams and the embedded store both write it. */
export const FIRST_ENTRY = '0-0';

export interface Position {
  /** Identity of the channel's history; `VOID_EPOCH` where there was none. */
  readonly epoch: string;
  /** Id (`<ms>-<n>`) of the last entry that lies wholly before this place; `FIRST_ENTRY` for none. */
  readonly entry: string;
  /** Number of the next line, 1 to 2^53 − 1. It may lie inside the entry that follows `entry`. */
  readonly seq: number;
}

/** Where a client stands that has seen nothing of a channel without history. */
export const VOID_POSITION: Position = { epoch: VOID_EPOCH, entry: FIRST_ENTRY, seq: 1 };

export const CURSOR = /^1\.([a-z0-9]{1,32})\.(\d{1,16}-\d{1,20})\.([1-9]\d{0,15})$/;

export function formatCursor(position: Position): string {
  return `1.${position.epoch}.${position.entry}.${position.seq}`;
}

/** Returns undefined for anything that `formatCursor` cannot have written. */
export function parseCursor(text: string): Position | undefined {
  const match = CURSOR.exec(text);
  if (match === null) return undefined;
  const [, epoch, entry, digits] = match as unknown as [string, string, string, string];
  const seq = Number(digits);
  return Number.isSafeInteger(seq) ? { epoch, entry, seq } : undefined;
}

/** Orders two entry ids: negative, zero or positive, like `a - b`. Ids may exceed 2^53 in their second part. */
export function compareEntries(a: string, b: string): number {
  const [aMs, aCount] = a.split('-') as [string, string];
  const [bMs, bCount] = b.split('-') as [string, string];
  return compareDigits(aMs, bMs) || compareDigits(aCount, bCount);
}

/** The store's clock when the entry was appended, in milliseconds since 1970. */
export function entryTime(entry: string): number {
  return Number(entry.slice(0, entry.indexOf('-')));
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
