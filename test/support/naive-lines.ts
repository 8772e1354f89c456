/** What the lines of a whole file are, said the short way: the reference for whoever reads it piece by piece. */
import { HOLE_BYTES_MIN } from '../../agent/files/nuls.js';
import { characterBoundary } from '../../agent/lines/text-encoding.js';

/** No text of a test has a code unit whose last byte is this. */
const HALF = 0xee;

export interface NaiveLine {
  readonly text: string;
  readonly isCut: boolean;
}

const MARKS: readonly (readonly [string, string])[] = [
  ['utf-8', '\xef\xbb\xbf'],
  ['utf-16le', '\xff\xfe'],
  ['utf-16be', '\xfe\xff'],
];

/** `isOver`: the file will not grow any more, so that what is left behind the last newline is a line. */
export function naiveLines(bytes: Buffer, configured: string, limit: number, isOver: boolean): NaiveLine[] {
  const latin1 = bytes.toString('latin1');
  // Whoever wrote no more than the beginning of a mark wrote no text.
  if (MARKS.some(([, bom]) => bom !== latin1 && bom.startsWith(latin1))) return [];
  const [name, mark] = MARKS.find(([, bom]) => latin1.startsWith(bom)) ?? [configured, ''];
  const units = unitsOf(latin1.slice(mark.length), name);
  const parts = units.split('\n');
  const hole = new RegExp(`\\0{${HOLE_BYTES_MIN / unitBytes(name)},}`);
  const isRagged = bytesOf(units, name).length % unitBytes(name) > 0;
  // Half a code unit behind a hole is not taken for text.
  const rest = (parts.pop() ?? '').replace(new RegExp(`(${hole.source}).$`), isRagged ? '$1' : '$&');
  const piecesOf = (line: string) => line.replace(/^\0+/, '').split(hole);
  const pieces = parts.flatMap((part) => piecesOf(part.replace(/\r$/, '')));
  const [last = '', ...others] = piecesOf(rest).reverse();
  // A hole with nothing behind it ends nothing yet.
  const isTorn = others.length > 0 && last !== '';
  pieces.push(...(isOver || isTorn ? others.reverse() : others.slice(1).reverse()));
  if (isOver && last !== '') pieces.push(last);
  return pieces.map((piece) => lineOf(bytesOf(piece, name), name, limit));
}

function lineOf(bytes: Buffer, name: string, limit: number): NaiveLine {
  const isCut = bytes.length > limit;
  if (name === 'utf-8') return { isCut, text: bytes.toString('utf8', 0, characterBoundary(bytes, limit)) };
  const decoder = new TextDecoder(name, { ignoreBOM: true });
  return { isCut, text: decoder.decode(isCut ? bytes.subarray(0, limit) : bytes, { stream: isCut }) };
}

function unitBytes(name: string): 1 | 2 {
  return name.startsWith('utf-16') ? 2 : 1;
}

/** A character for each code unit; one of which half is missing gets a half that occurs nowhere else. */
function unitsOf(latin1: string, name: string): string {
  if (unitBytes(name) === 1) return latin1;
  return (latin1.match(/[\s\S]{1,2}/g) ?? [])
    .map((pair) => {
      const [a, b] = [pair.charCodeAt(0), pair.length === 2 ? pair.charCodeAt(1) : HALF];
      return String.fromCharCode(name === 'utf-16le' ? a + b * 256 : b + a * 256);
    })
    .join('');
}

function bytesOf(units: string, name: string): Buffer {
  if (unitBytes(name) === 1) return Buffer.from(units, 'latin1');
  const bytes = Buffer.from(units, 'utf16le');
  if (name === 'utf-16be') bytes.swap16();
  return bytes.at(-1) === HALF ? bytes.subarray(0, -1) : bytes;
}
