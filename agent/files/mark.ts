/**
 * By what a file is recognised besides device and inode, which are used again as soon as a file is deleted:
 * a hash of its beginning and a hash of the bytes just before an offset. The mark is stored with a source's
 * position, in the same atomic step, so that the two never disagree. A hole of NULs is no beginning: all files
 * with one look alike there, so the beginning is what comes behind it.
 */
import { hash } from 'node:crypto';
import type { SourcePosition } from '../../shared/store/log-store.js';
import { bytesAt, headOf } from './file-head.js';
import type { ByteReader, FileLook } from './log-file.js';
import { leadingNuls } from './nuls.js';

/** The head tells files apart that began differently, the tail tells histories apart that began alike. */
const HEAD_BYTES = 1024;
export const TAIL_BYTES = 256;

/** Marks hold whole milliseconds. */
export const MARK_GRAIN_NS = 1_000_000n;

const HASH_CHARACTERS = 22;

/**
 * `1.<length of the head>.<its hash>.<hash of the tail>.<time of the last write in ms>`, numbers in base 36,
 * where the file was longer than the position `+`, and where there is a hole before the head `.<its length>`.
 */
const MARK = /^1\.([0-9a-z]+)\.([\w-]*)\.([\w-]*)\.([0-9a-z]+)(\+)?(?:\.([0-9a-z]+))?$/;

/** How a file was when a mark of it was made. */
export type MarkedLook = Pick<FileLook, 'size' | 'modifiedNs'>;

const NEVER_LOOKED: MarkedLook = { size: 0, modifiedNs: 0n };

/** Follows a source and gives the mark of the place it has reached. */
export class MarkTrail {
  #offset: number;
  /** NULs that the source begins with. */
  #hole: number;
  /** The first bytes behind the hole until there are enough of them, then their hash. */
  #head: Buffer | string;
  #tail: Buffer;

  private constructor(offset: number, hole: number, head: Buffer, tail: Buffer) {
    this.#offset = offset;
    this.#hole = hole;
    this.#head = head.length < HEAD_BYTES ? head : digest(head);
    this.#tail = tail;
  }

  /** `head` and `tail` are the bytes behind the hole and those before the offset, as many as there are. */
  static of(offset: number, hole: number, head: Buffer, tail: Buffer): MarkTrail {
    const holeBefore = Math.min(hole, offset);
    return new MarkTrail(offset, holeBefore, head.subarray(0, offset - holeBefore), tail);
  }

  /**
   * The trail as it is at `offset` of a file; undefined where the file is shorter. `knownHole`: bytes at the
   * file's beginning that are known to be NULs.
   */
  static async at(file: ByteReader, offset: number, knownHole = 0): Promise<MarkTrail | undefined> {
    const { hole, bytes: head } = await headOf(file, offset, HEAD_BYTES, knownHole);
    const tail = await tailBefore(file, offset);
    if (tail === undefined || head.length < Math.min(HEAD_BYTES, offset - hole)) return undefined;
    return new MarkTrail(offset, hole, head, tail);
  }

  get offset(): number {
    return this.#offset;
  }

  /** NULs that the source begins with, as far as the trail has come. */
  get hole(): number {
    return this.#hole;
  }

  /** The bytes just before the offset, at most `TAIL_BYTES`. */
  get tail(): Buffer {
    return this.#tail;
  }

  /** Moves on over the bytes that follow; they are copied where they are kept. */
  advance(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (typeof this.#head !== 'string') {
      const nuls = this.#offset === this.#hole ? leadingNuls(bytes) : 0;
      this.#hole += nuls;
      const head = Buffer.concat([this.#head, bytes.subarray(nuls, nuls + HEAD_BYTES - this.#head.length)]);
      this.#head = head.length < HEAD_BYTES ? head : digest(head);
    }
    const tail = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = copyOf(tail.subarray(-TAIL_BYTES));
    this.#offset += bytes.length;
  }

  /** Moves on over NULs. */
  advanceOverNuls(count: number): void {
    if (count === 0) return;
    const isBeginning = this.#offset === this.#hole;
    this.advance(Buffer.alloc(Math.min(count, HEAD_BYTES)));
    const rest = Math.max(0, count - HEAD_BYTES);
    this.#offset += rest;
    if (isBeginning) this.#hole += rest;
  }

  /** Without a look it has the bytes alone, for what is compared at once. */
  mark({ size, modifiedNs } = NEVER_LOOKED): string {
    const head = typeof this.#head === 'string' ? this.#head : digest(this.#head);
    const headBytes = Math.min(HEAD_BYTES, this.#offset - this.#hole);
    const isShort = this.#offset < size;
    return format({ headBytes, head, tail: digest(this.#tail), modifiedNs, isShort, hole: this.#hole });
  }
}

/**
 * The mark of a source of which nothing was read: of what is in the file already, so that a file that is
 * replaced before its first line is appended is recognised too.
 */
export async function markOfUnread(file: ByteReader, size: number, modifiedNs: bigint): Promise<string> {
  const { hole, bytes } = await headOf(file, size, HEAD_BYTES);
  return format({ ...unread(bytes), modifiedNs, isShort: size > 0, hole });
}

/** The same for a file that has grown; undefined where it is not the one that `mark` was made of. */
export async function strongerMark(
  file: ByteReader,
  mark: string,
  size: number,
  modifiedNs: bigint,
): Promise<string | undefined> {
  const weaker = parse(mark);
  if (weaker === undefined || size < weaker.hole + weaker.headBytes) return undefined;
  const head = await headBehind(file, weaker.hole, Math.min(HEAD_BYTES, size - weaker.hole));
  if (head === undefined || digest(head.subarray(0, weaker.headBytes)) !== weaker.head) return undefined;
  return format({ ...unread(head), modifiedNs, isShort: true, hole: weaker.hole });
}

function unread(head: Buffer): Pick<Mark, 'headBytes' | 'head' | 'tail'> {
  return { headBytes: head.length, head: digest(head), tail: '' };
}

/** Whether a file holds what the source held up to the position, as far as its mark tells. */
export async function fits(file: ByteReader, position: SourcePosition): Promise<boolean> {
  return (await provenPlace(file, position)) !== undefined;
}

/** A place in a file that was found to fit, with the bytes that proved it: the file may change any time. */
export interface ProvenPlace {
  readonly trail: MarkTrail;
  /** NULs that the file begins with, as far as the mark tells, and the bytes behind them. */
  readonly hole: number;
  readonly head: Buffer;
}

/** The position's place in a file; undefined where the file does not fit the position. */
export async function provenPlace(
  file: ByteReader,
  { offset, mark }: SourcePosition,
): Promise<ProvenPlace | undefined> {
  const stored = parse(mark);
  if (stored === undefined && offset > 0) return undefined;
  const hole = stored?.hole ?? 0;
  const head = await headBehind(file, hole, stored?.headBytes ?? 0);
  if (head === undefined || (stored !== undefined && digest(head) !== stored.head)) return undefined;
  const tail = await tailBefore(file, offset);
  if (tail === undefined) return undefined;
  if (offset > 0 && digest(tail) !== stored?.tail) return undefined;
  return { trail: MarkTrail.of(offset, hole, head, tail), hole, head };
}

/** The bytes behind a hole; undefined where there are fewer, or where the hole does not end there. */
async function headBehind(file: ByteReader, hole: number, length: number): Promise<Buffer | undefined> {
  const edge = Math.min(1, hole);
  const bytes = await bytesAt(file, hole - edge, edge + length);
  if (bytes.length < edge + length || (edge === 1 && bytes[0] !== 0)) return undefined;
  return bytes.subarray(edge);
}

/** The bytes before an offset that a mark is made of; undefined where the file is shorter. */
async function tailBefore(file: ByteReader, offset: number): Promise<Buffer | undefined> {
  const length = Math.min(TAIL_BYTES, offset);
  const tail = await bytesAt(file, offset - length, length);
  return tail.length < length ? undefined : tail;
}

/** Whether a file that fits the position is shown to be the source by more than its device and inode. */
export function isEvidence({ offset, mark }: SourcePosition): boolean {
  return offset > 0 || (parse(mark)?.headBytes ?? 0) > 0;
}

/**
 * Whether a file that is shorter than the position began like the source: a copy made earlier, with nothing
 * in it that was not read.
 */
export async function beganLike(file: ByteReader, size: number, position: SourcePosition): Promise<boolean> {
  const stored = parse(position.mark);
  if (stored?.headBytes !== HEAD_BYTES || size < stored.hole + HEAD_BYTES) return false;
  return fits(file, { offset: 0, mark: position.mark });
}

/** When the source was last written to, as far as the mark tells; 0 where it does not. */
export function markedTimeNs(mark: string): bigint {
  return parse(mark)?.modifiedNs ?? 0n;
}

/** Whether the source went on behind the position when this was stored, as far as the mark tells. */
export function wasShort({ mark }: SourcePosition): boolean {
  return parse(mark)?.isShort ?? false;
}

interface Mark {
  readonly headBytes: number;
  readonly head: string;
  readonly tail: string;
  readonly modifiedNs: bigint;
  /** Whether the file was longer than the position. */
  readonly isShort: boolean;
  readonly hole: number;
}

function format({ headBytes, head, tail, modifiedNs, isShort, hole }: Mark): string {
  const time = (modifiedNs / MARK_GRAIN_NS).toString(36);
  const parts = ['1', headBytes.toString(36), head, tail, isShort ? `${time}+` : time];
  if (hole > 0 && headBytes > 0) parts.push(hole.toString(36));
  // Marks are kept by the thousand, and a joined text is one piece where a template holds on to its parts.
  return parts.join('.');
}

type Groups = [string, string, string, string, string, '+' | undefined, string | undefined];

function parse(mark: string): Mark | undefined {
  const match = MARK.exec(mark);
  if (match === null) return undefined;
  const [, headBytes, head, tail, modifiedMs, short, hole = '0'] = match as unknown as Groups;
  return {
    headBytes: Math.min(HEAD_BYTES, Number.parseInt(headBytes, 36)),
    ...{ head, tail },
    modifiedNs: BigInt(Number.parseInt(modifiedMs, 36)) * MARK_GRAIN_NS,
    isShort: short !== undefined,
    hole: Number.parseInt(hole, 36),
  };
}

function digest(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url').slice(0, HASH_CHARACTERS);
}

/** Not out of Buffer's pool: what is kept for as long as a file is open would keep eight kilobytes of it. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
