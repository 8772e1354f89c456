/** The text of each of some whole lines, with its place among the bytes. Pure. */
import { isAscii } from 'node:buffer';
import { lineContent } from './line-encoder.js';
import { type TextEncoding, UTF_8 } from './text-encoding.js';

export interface LineText {
  /** Without the line's end, and without NULs before it. */
  readonly text: string;
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
    yield { text: whole.slice(start, Math.min(end, start + bytesMax)), from, to };
    from = to;
  }
}

function* linesOfBytes(bytes: Buffer, encoding: TextEncoding, bytesMax: number): Generator<LineText> {
  for (let from = 0; from < bytes.length; ) {
    const newline = encoding.firstLineEnd(bytes, from);
    const to = newline === 0 ? bytes.length : newline;
    const line = lineContent(bytes.subarray(from, to), encoding, newline > 0);
    yield { text: encoding.decode(line, bytesMax), from, to };
    from = to;
  }
}
