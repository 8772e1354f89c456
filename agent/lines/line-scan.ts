/**
 * Where lines begin and end in a source, by offsets alone. Pure: it says what to read next, is given the
 * bytes, and answers with a span of whole lines. It keeps no bytes: what is not a whole line yet is read again
 * when it is one, so that a line of 100 MB or a file without a newline costs no memory, and how far it was
 * searched is remembered, so that it is not searched again.
 *
 * NULs before a line are a hole and no part of it: they are passed over, however many, and belong to the span
 * that follows them. A hole inside a line ends the line.
 */
import { type Hole, holeIn, isHole, leadingNuls, trailingNuls } from '../files/nuls.js';
import type { TextEncoding } from './text-encoding.js';

export type Found =
  /** Whole lines: the bytes given from index `start` to `end`, behind whatever lies between the offsets. */
  | {
      readonly kind: 'lines';
      readonly from: number;
      readonly textFrom: number;
      readonly start: number;
      readonly end: number;
    }
  /** One line that does not lie in what was given; its bytes are to be read on their own. */
  | { readonly kind: 'long_line'; readonly from: number; readonly textFrom: number; readonly to: number }
  /** Give the bytes from `searched` on again: there is more to find in what was given. */
  | { readonly kind: 'again' }
  /** No line ends in what was given. */
  | { readonly kind: 'unfinished' };

const UNFINISHED = { kind: 'unfinished' } as const;
const AGAIN = { kind: 'again' } as const;

export class LineScan {
  /** Start of the first line that was not found yet, and of whatever lies before its text. */
  #lineStart: number;
  /** Only NULs, or a byte order mark, lie between `#lineStart` and here. */
  #textStart: number;
  /** No line ends between `#textStart` and here. */
  #searched: number;
  /** NULs that were searched last, with nothing behind them yet. */
  #openNuls = 0;

  constructor(offset: number) {
    this.#lineStart = offset;
    this.#textStart = offset;
    this.#searched = offset;
  }

  get lineStart(): number {
    return this.#lineStart;
  }

  get textStart(): number {
    return this.#textStart;
  }

  /** The bytes wanted next begin here. */
  get searched(): number {
    return this.#searched;
  }

  /** The NULs that were searched last; none where they were text. */
  get openHole(): Hole {
    return { from: this.#searched - this.#openNuls, to: this.#searched };
  }

  /** Where the text of an unfinished line ends: in front of an open hole. */
  get textEnd(): number {
    return isHole(this.openHole) ? this.openHole.from : this.#searched;
  }

  /** `bytes` are whole code units, at most `readBytes`, the same with each call: the bound of a span of lines. */
  take(bytes: Buffer, encoding: TextEncoding, readBytes: number): Found {
    return this.#searched === this.#textStart
      ? this.#takeFromTextStart(bytes, encoding)
      : this.#takeInsideLine(bytes, encoding, readBytes);
  }

  /** Passes over bytes before the text of a line. */
  skip(length: number): void {
    this.#textStart += length;
    this.#searched = this.#textStart;
  }

  skipNuls(length: number): void {
    this.skip(length);
    this.#openNuls += length;
  }

  /** Forgets what was seen of an unfinished line, because it is not what it was. */
  searchAgain(): void {
    this.startLineAt(this.#lineStart);
  }

  /** Goes on with a new line at `offset`. */
  startLineAt(offset: number): void {
    this.#lineStart = offset;
    this.#textStart = offset;
    this.#searched = offset;
    this.#openNuls = 0;
  }

  #takeFromTextStart(bytes: Buffer, encoding: TextEncoding): Found {
    const nuls = leadingNuls(bytes);
    const start = nuls - (nuls % encoding.unitBytes);
    this.skipNuls(start);
    if (start === bytes.length) return UNFINISHED;
    const end = holeInsideLine(bytes, start, encoding)?.from ?? encoding.lastLineEnd(bytes);
    if (end === 0) return this.#unfinished(bytes.subarray(start), encoding);
    const [from, textFrom] = [this.#lineStart, this.#textStart];
    this.startLineAt(textFrom + end - start);
    return { kind: 'lines', from, textFrom, start, end };
  }

  #takeInsideLine(bytes: Buffer, encoding: TextEncoding, readBytes: number): Found {
    const end = encoding.firstLineEnd(bytes, 0);
    const hole = this.#holeBefore(end === 0 ? bytes : bytes.subarray(0, end), encoding);
    if (hole !== undefined) return this.#tornLine(hole);
    if (end === 0) return this.#unfinished(bytes, encoding);
    const [from, textFrom, to] = [this.#lineStart, this.#textStart, this.#searched + end];
    if (to - textFrom <= readBytes) {
      this.#searched = textFrom;
      this.#openNuls = 0;
      return AGAIN;
    }
    this.startLineAt(to);
    return { kind: 'long_line', from, textFrom, to };
  }

  /** The first hole that ends in the bytes, which lie inside a line; its offsets. */
  #holeBefore(bytes: Buffer, { unitBytes }: TextEncoding): Hole | undefined {
    const nuls = leadingNuls(bytes);
    const open = { from: this.openHole.from, to: this.#searched + nuls - (nuls % unitBytes) };
    if (nuls < bytes.length && isHole(open)) return open;
    const hole = holeIn(bytes, nuls, unitBytes);
    return hole && { from: this.#searched + hole.from, to: this.#searched + hole.to };
  }

  #tornLine({ from: to, to: next }: Hole): Found {
    const [from, textFrom] = [this.#lineStart, this.#textStart];
    this.startLineAt(to);
    this.skip(next - to);
    return { kind: 'long_line', from, textFrom, to };
  }

  #unfinished(bytes: Buffer, { unitBytes }: TextEncoding): Found {
    const nuls = trailingNuls(bytes);
    this.#openNuls = nuls === bytes.length ? this.#openNuls + nuls : nuls - (nuls % unitBytes);
    this.#searched += bytes.length;
    return UNFINISHED;
  }
}

/** Runs of NULs behind a line end are before a line; that is the encoder's business. */
function holeInsideLine(bytes: Buffer, start: number, encoding: TextEncoding): Hole | undefined {
  for (let at = start; ; ) {
    const hole = holeIn(bytes, at, encoding.unitBytes);
    if (hole === undefined) return undefined;
    if (encoding.lastLineEnd(bytes.subarray(0, hole.from)) !== hole.from) return hole;
    at = hole.to;
  }
}
