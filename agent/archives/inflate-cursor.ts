/**
 * One pass over a gzip file from its start: bytes come out in order, and those just behind can be had again.
 * It holds a chunk or two, however long the file is; for what lies further back another pass has to be begun.
 */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { bytesAt } from '../files/file-head.js';
import type { ByteReader } from '../files/log-file.js';
import { systemCode } from '../files/system-error.js';

const CHUNK_BYTES = 64 * 1024;

/** So much stays at hand behind the place that was reached: most lines are shorter. */
const BEHIND_BYTES = 64 * 1024;

/** Codes of errors in the compressed bytes begin so. */
const ZLIB = 'Z_';

/** A stream that ends before its last member does: what is written still, or was cut. */
export function isUnfinished(error: unknown): boolean {
  return systemCode(error) === 'Z_BUF_ERROR';
}

/** An error in the compressed bytes themselves; any other one says something about the file or the disk. */
export function isDamage(error: unknown): error is Error {
  return `${systemCode(error)}`.startsWith(ZLIB);
}

/** The bytes of all members of a gzip file, one after another. Destroy it, or read it to its end. */
export function inflated(file: ByteReader): Readable {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // Errors reach whoever reads the end of it.
  pipeline(Readable.from(chunksOf(file), { objectMode: false }), gunzip, () => {});
  return gunzip;
}

async function* chunksOf(file: ByteReader): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const chunk = await bytesAt(file, offset, CHUNK_BYTES);
    if (chunk.length > 0) yield chunk;
    if (chunk.length < CHUNK_BYTES) return;
    offset += chunk.length;
  }
}

export class InflateCursor {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #earliest = 0;
  #isClosed = false;

  constructor(file: ByteReader) {
    this.#stream = inflated(file);
    this.#chunks = this.#stream[Symbol.asyncIterator]();
  }

  /** The first offset that can still be read. */
  get earliest(): number {
    return this.#earliest;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** As of a `ByteReader`, from `earliest` on. Rejects once `signal` is aborted: fewer bytes would be an end. */
  async read(target: Buffer, offset: number, signal: AbortSignal): Promise<number> {
    let filled = this.#copyKept(target, offset);
    while (filled < target.length && (await this.#next())) {
      signal.throwIfAborted();
      filled += this.#copyKept(target.subarray(filled), offset + filled);
    }
    return filled;
  }

  close(): void {
    this.#isClosed = true;
    this.#kept = [];
    this.#stream.destroy();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#kept.push(value);
    this.#keptBytes += value.length;
    for (let [oldest] = this.#kept; oldest !== undefined; [oldest] = this.#kept) {
      if (this.#keptBytes - oldest.length < value.length + BEHIND_BYTES) break;
      this.#kept.shift();
      this.#keptBytes -= oldest.length;
      this.#earliest += oldest.length;
    }
    return true;
  }

  #copyKept(target: Buffer, offset: number): number {
    let filled = 0;
    let start = this.#earliest;
    for (const chunk of this.#kept) {
      const inside = offset + filled - start;
      if (inside >= 0 && inside < chunk.length) filled += chunk.copy(target, filled, inside);
      start += chunk.length;
    }
    return filled;
  }
}
