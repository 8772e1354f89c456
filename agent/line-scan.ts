/**
 * Where lines begin and end in a source, by offsets alone. Pure: it says what to read next, is given the
 * bytes, and answers with a span of whole lines. It keeps no bytes: what is not a whole line yet is read again
 * when it is one, so that a line of 100 MB or a file without a newline costs no memory, and how far it was
 * searched is remembered, so that it is not searched again.
 */

const NEWLINE = 0x0a;

export interface Wanted {
  readonly offset: number;
  readonly length: number;
}

export type Found =
  /** The first `length` bytes given are whole lines. */
  | { readonly kind: 'lines'; readonly from: number; readonly length: number }
  /** One line longer than a whole read; its bytes are to be read on their own. */
  | { readonly kind: 'long_line'; readonly from: number; readonly to: number }
  /** Ask `wanted()` again: there is more to find in what was given. */
  | { readonly kind: 'again' }
  /** No line ends in what was given. */
  | { readonly kind: 'unfinished' };

export class LineScan {
  readonly #readBytes: number;
  /** Start of the first line that was not found yet. */
  #lineStart: number;
  /** No line ends between `#lineStart` and here. */
  #searched: number;

  /** `readBytes` bounds one read and one span of lines. */
  constructor(offset: number, readBytes: number) {
    this.#lineStart = offset;
    this.#searched = offset;
    this.#readBytes = readBytes;
  }

  get lineStart(): number {
    return this.#lineStart;
  }

  get searched(): number {
    return this.#searched;
  }

  wanted(): Wanted {
    return { offset: this.#searched, length: this.#readBytes };
  }

  /** `bytes` are at most what `wanted()` asked for, from its offset on. */
  take(bytes: Uint8Array): Found {
    return this.#searched === this.#lineStart ? this.#takeFromLineStart(bytes) : this.#takeInsideLine(bytes);
  }

  /** Forgets how far an unfinished line was searched, because it is not what it was. */
  searchAgain(): void {
    this.#searched = this.#lineStart;
  }

  #takeFromLineStart(bytes: Uint8Array): Found {
    const length = bytes.lastIndexOf(NEWLINE) + 1;
    if (length === 0) return this.#unfinished(bytes.length);
    const from = this.#lineStart;
    this.startLineAt(from + length);
    return { kind: 'lines', from, length };
  }

  #takeInsideLine(bytes: Uint8Array): Found {
    const end = bytes.indexOf(NEWLINE);
    if (end === -1) return this.#unfinished(bytes.length);
    const [from, to] = [this.#lineStart, this.#searched + end + 1];
    if (to - from <= this.#readBytes) {
      this.searchAgain();
      return { kind: 'again' };
    }
    this.startLineAt(to);
    return { kind: 'long_line', from, to };
  }

  #unfinished(length: number): Found {
    this.#searched += length;
    return { kind: 'unfinished' };
  }

  /** Goes on with a new line at `offset`. */
  startLineAt(offset: number): void {
    this.#lineStart = offset;
    this.#searched = offset;
  }
}
