/** The encoding of one source: as configured until its first bytes are seen, of which a byte order mark decides. */
import { type EncodingAtStart, encodingAt } from './byte-order-mark.js';
import type { TextEncoding } from './text-encoding.js';

const NONE = Buffer.alloc(0);

export class SourceEncoding {
  readonly #configured: TextEncoding;
  /** Undefined until the first bytes have told. */
  #start: EncodingAtStart | undefined;

  constructor(configured: TextEncoding) {
    this.#configured = configured;
  }

  get current(): TextEncoding {
    return this.#start?.encoding ?? this.#configured;
  }

  /** By the first bytes of the source. False as long as they may become a mark that is not written yet. */
  decide(head: Buffer): boolean {
    this.#start = encodingAt(head, this.#configured);
    return this.#start !== undefined;
  }

  /** The byte order mark that stands at an offset; mostly empty. */
  markAt(offset: number): Buffer {
    return offset === 0 ? (this.#start?.mark ?? NONE) : NONE;
  }
}
