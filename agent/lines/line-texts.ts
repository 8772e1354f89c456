/** The text of each of some whole lines, with its place among the bytes. Pure. */
import { isAscii } from 'node:buffer';
import { leadingNuls } from '../files/nuls.js';
import { type TextEncoding, UTF_8 } from './text-encoding.js';

export interface LineText {
  /** Without the line's end, and without NULs before it. */
  readonly text: string;
  /** Whether the text lost its end to the limit. */
  readonly isCut: boolean;
  readonly from: number;
  /** Behind the line's end. */
  readonly to: number;
}

/** A line of more than `bytesMax` bytes gives the text of so many. */
export function* linesOf(bytes: Buffer, encoding: TextEncoding, bytesMax: number): Generator<LineText> {
  // Where each byte is a character one string serves for all lines: that takes a third of the time.
  if (encoding === UTF_8 && isAscii(bytes)) yield* linesOfAscii(bytes.toString('latin1'), bytesMax);
  else yield* linesOfBytes(bytes, encoding, bytesMax);
}

function* linesOfAscii(whole: string, bytesMax: number): Generator<LineText> {
  for (let from = 0; from < whole.length; ) {
    const newline = whole.indexOf('\n', from);
    let end = newline === -1 ? whole.length : newline;
    let start = from;
    while (whole.charCodeAt(start) === 0) start++;
    const to = newline === -1 ? end : newline + 1;
    if (newline > start && whole.charCodeAt(newline - 1) === 0x0d) end--;
    const isCut = end - start > bytesMax;
    yield { text: whole.slice(start, isCut ? start + bytesMax : end), isCut, from, to };
    from = to;
  }
}

function* linesOfBytes(bytes: Buffer, encoding: TextEncoding, bytesMax: number): Generator<LineText> {
  for (let from = 0; from < bytes.length; ) {
    const newline = encoding.firstLineEnd(bytes, from);
    const to = newline === 0 ? bytes.length : newline;
    const line = lineContent(bytes.subarray(from, to), encoding, newline > 0);
    yield { text: encoding.decode(line, bytesMax), isCut: line.length > bytesMax, from, to };
    from = to;
  }
}

/** Without the line's end, and without the NULs of a hole before it. */
export function lineContent(
  line: Buffer,
  { unitBytes, carriageReturn }: TextEncoding,
  hasNewline: boolean,
): Buffer {
  let end = line.length;
  if (hasNewline) {
    end -= unitBytes;
    const before = line.subarray(Math.max(0, end - unitBytes), end);
    if (before.equals(carriageReturn)) end -= unitBytes;
  }
  const nuls = leadingNuls(line.subarray(0, end));
  return line.subarray(nuls - (nuls % unitBytes), end);
}
