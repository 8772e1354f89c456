/**
 * Whole lines as bytes become the JSON array of a batch. Pure. Line ends go (`\n`, and one `\r` before it),
 * bytes that are not UTF-8 become U+FFFD, and a line over the limit loses its end and is reported as cut.
 *
 * Valid UTF-8 is escaped byte by byte, without ever making a string of it: in a 256 KiB batch of an access log
 * that took 0.45 to 0.6 ms, against 0.8 ms for `JSON.stringify(text.split('\n'))` and 1.0 ms for stringifying
 * the text as a whole and replacing its `\n` escapes.
 */
import { isUtf8 } from 'node:buffer';
import { linesOf } from './line-texts.js';
import { characterBoundary, type TextEncoding, UTF_8 } from './text-encoding.js';

export interface EncodedLines {
  /** Lies in the workspace where that is large enough. */
  readonly json: Buffer;
  readonly lines: number;
  /** Indexes of cut lines. */
  readonly cut: number[];
  /** Passages that were taken out. */
  readonly redactions?: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** The longest escape, `\u0001`, takes six bytes for one. */
const ESCAPE_BYTES_MAX = 6;
/** Between two lines stands `","` for a newline; around all of them `["` and `"]`. */
const FRAME_BYTES = 4;

/** A workspace for so many bytes of lines, whatever they hold. */
export function workspaceBytes(lineBytes: number): number {
  return lineBytes * ESCAPE_BYTES_MAX + FRAME_BYTES;
}

/** 0: as it is. 1: a control character, escaped with six bytes. Else the letter behind the backslash. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(1, 0, 0x20);
for (const pair of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '\\\\'])
  ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);

const HEX_DIGITS = Buffer.from('0123456789abcdef');

/** `bytes` are whole lines, the last one with or without its newline; at least one byte. */
export function encodeLines(
  bytes: Buffer,
  encoding: TextEncoding,
  lineBytesMax: number,
  workspace: Buffer,
): EncodedLines {
  if (encoding !== UTF_8 || !isUtf8(bytes)) return encodeAnything(bytes, encoding, lineBytesMax);
  const needed = workspaceBytes(bytes.length);
  return encodeUtf8(
    bytes,
    lineBytesMax,
    workspace.length >= needed ? workspace : Buffer.allocUnsafeSlow(needed),
  );
}

/** One loop, a byte at a time: looking for each newline first and then escaping costs a third more. */
function encodeUtf8(bytes: Buffer, lineBytesMax: number, out: Buffer): EncodedLines {
  const end = contentEnd(bytes);
  const cut: number[] = [];
  let lines = 0;
  let [start, startInOut, at] = [0, 2, 2];
  out[0] = OPENING_BRACKET;
  out[1] = QUOTE;
  for (let index = 0; ; index++) {
    const byte = index < end ? (bytes[index] as number) : NEWLINE;
    const code = ESCAPES[byte] as number;
    if (code === 0) {
      out[at++] = byte;
    } else if (byte === 0 && at === startInOut) {
      // A hole before the line: not a part of it.
      start = index + 1;
    } else if (byte !== NEWLINE) {
      at = writeEscaped(out, at, byte, code);
    } else {
      const hasReturn = index > start && index < bytes.length && bytes[index - 1] === CARRIAGE_RETURN;
      if (hasReturn) at -= 2;
      const length = index - start - (hasReturn ? 1 : 0);
      if (length > lineBytesMax) {
        cut.push(lines);
        at = writeCut(out, startInOut, bytes.subarray(start, start + length), lineBytesMax);
      }
      lines++;
      out[at++] = QUOTE;
      if (index >= end) break;
      out[at++] = COMMA;
      out[at++] = QUOTE;
      start = index + 1;
      startInOut = at;
    }
  }
  out[at++] = CLOSING_BRACKET;
  return { json: out.subarray(0, at), lines, cut };
}

/** Writes the line once more, up to the limit, over the one that was written whole. */
function writeCut(out: Buffer, begin: number, line: Buffer, lineBytesMax: number): number {
  const stop = characterBoundary(line, lineBytesMax);
  let at = begin;
  for (let index = 0; index < stop; index++) {
    const byte = line[index] as number;
    const code = ESCAPES[byte] as number;
    if (code === 0) out[at++] = byte;
    else at = writeEscaped(out, at, byte, code);
  }
  return at;
}

function writeEscaped(out: Buffer, begin: number, byte: number, code: number): number {
  out[begin] = BACKSLASH;
  if (code === 1) return writeHex(out, begin + 1, byte);
  out[begin + 1] = code;
  return begin + 2;
}

/** `u00` and two digits: only control characters come here. */
function writeHex(out: Buffer, begin: number, byte: number): number {
  let at = begin;
  out[at++] = 0x75;
  out[at++] = 0x30;
  out[at++] = 0x30;
  out[at++] = HEX_DIGITS[byte >> 4] as number;
  out[at++] = HEX_DIGITS[byte & 15] as number;
  return at;
}

/** Line by line, so that one bad byte costs one character. */
function encodeAnything(bytes: Buffer, encoding: TextEncoding, lineBytesMax: number): EncodedLines {
  const texts: string[] = [];
  const cut: number[] = [];
  for (const { text, isCut } of linesOf(bytes, encoding, lineBytesMax)) {
    if (isCut) cut.push(texts.length);
    texts.push(text);
  }
  return { json: Buffer.from(JSON.stringify(texts)), lines: texts.length, cut };
}

/** Where the text of the last line ends: its newline ends a line and does not begin one. */
function contentEnd(bytes: Buffer): number {
  return bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length;
}
