/**
 * Encodings of text as the agent needs them: where lines end among bytes, and what text a line's bytes are.
 * Pure. In every encoding but UTF-16 a newline is the byte 0x0A and that byte is never part of a character, so
 * lines are found before anything is decoded, and each is decoded on its own: neither a broken character nor
 * an escape sequence (ISO-2022-JP) reaches into the next line.
 */

export interface TextEncoding {
  /** As `TextDecoder` names it. */
  readonly name: string;
  /** Bytes of a code unit; line ends and NULs lie on multiples of it. */
  readonly unitBytes: 1 | 2;
  readonly carriageReturn: Buffer;
  /** Where the first line that begins at or after `from` ends, behind its newline; 0 where none does. */
  firstLineEnd(bytes: Buffer, from: number): number;
  /** Where the last line ends, behind its newline; 0 where none does. */
  lastLineEnd(bytes: Buffer): number;
  /** The text of the first `limit` bytes, less a character that the limit cuts in two. */
  decode(bytes: Buffer, limit: number): string;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export const UTF_8: TextEncoding = ofBytes('utf-8', (bytes, limit) =>
  bytes.toString('utf8', 0, characterBoundary(bytes, limit)),
);

export const UTF_16LE: TextEncoding = ofUnits(
  'utf-16le',
  Buffer.from([NEWLINE, 0]),
  Buffer.from([CARRIAGE_RETURN, 0]),
);

export const UTF_16BE: TextEncoding = ofUnits(
  'utf-16be',
  Buffer.from([0, NEWLINE]),
  Buffer.from([0, CARRIAGE_RETURN]),
);

const byName = new Map([UTF_8, UTF_16LE, UTF_16BE].map((encoding) => [encoding.name, encoding]));

/** The encoding that a label means, such as `latin1` or `Shift_JIS`; undefined where `TextDecoder` knows none. */
export function encodingOf(label: string): TextEncoding | undefined {
  const name = nameOf(label);
  if (name === undefined) return undefined;
  const known = byName.get(name);
  if (known !== undefined) return known;
  const encoding = ofBytes(name, name === 'windows-1252' ? windows1252 : byDecoder(name));
  byName.set(name, encoding);
  return encoding;
}

/** `limit`, or up to three bytes less, so that no UTF-8 character is cut in two. */
export function characterBoundary(bytes: Uint8Array, limit: number): number {
  if (limit >= bytes.length) return bytes.length;
  for (let end = limit; end > limit - 4 && end > 0; end--) {
    if (((bytes[end] ?? 0) & 0xc0) !== 0x80) return end;
  }
  return limit;
}

function ofBytes(name: string, decode: TextEncoding['decode']): TextEncoding {
  return {
    name,
    unitBytes: 1,
    carriageReturn: Buffer.from([CARRIAGE_RETURN]),
    firstLineEnd: (bytes, from) => bytes.indexOf(NEWLINE, from) + 1,
    lastLineEnd: (bytes) => bytes.lastIndexOf(NEWLINE) + 1,
    decode,
  };
}

function ofUnits(name: string, newline: Buffer, carriageReturn: Buffer): TextEncoding {
  return {
    name,
    unitBytes: 2,
    carriageReturn,
    firstLineEnd: (bytes, from) => {
      let at = bytes.indexOf(newline, from);
      while (at % 2 === 1) at = bytes.indexOf(newline, at + 1);
      return at === -1 ? 0 : at + 2;
    },
    lastLineEnd: (bytes) => {
      let at = bytes.lastIndexOf(newline);
      while (at % 2 === 1) at = bytes.lastIndexOf(newline, at - 1);
      return at === -1 ? 0 : at + 2;
    },
    decode: byDecoder(name),
  };
}

function byDecoder(name: string): TextEncoding['decode'] {
  const decoder = new TextDecoder(name, { ignoreBOM: true });
  return (bytes, limit) => {
    if (bytes.length <= limit) return decoder.decode(bytes);
    // Asked for a stream it keeps what may go on to itself, and is of no further use.
    return new TextDecoder(name, { ignoreBOM: true }).decode(bytes.subarray(0, limit), { stream: true });
  };
}

/** Of 0x80 to 0x9F; the Encoding Standard's index. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Some releases of Node 20 to 24 decode it as ISO-8859-1 (nodejs/node#56542). */
function windows1252(bytes: Buffer, limit: number): string {
  return bytes
    .toString('latin1', 0, limit)
    .replace(/[\u0080-\u009f]/g, (c1) => WINDOWS_1252[c1.charCodeAt(0) - 0x80] as string);
}

function nameOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}
