/**
 * The bound on passes over gzip files that are kept open between two reads, over all files: each holds some
 * hundred KiB. The one that was used least recently is closed; its file begins another when it is read again.
 */
import type { InflateCursor } from './inflate-cursor.js';

/** As many lineages look at their files at once, so that none of these loses its pass within a turn. */
const IDLE_MAX = 64;

export class InflatePool {
  /** Least recently used first; those in use are not among them. */
  readonly #idle = new Set<InflateCursor>();

  async use<T>(cursor: InflateCursor, work: () => Promise<T>): Promise<T> {
    this.#idle.delete(cursor);
    try {
      return await work();
    } finally {
      if (!cursor.isClosed) this.#idle.add(cursor);
      const [oldest] = this.#idle;
      if (this.#idle.size > IDLE_MAX && oldest !== undefined) this.close(oldest);
    }
  }

  close(cursor: InflateCursor): void {
    this.#idle.delete(cursor);
    cursor.close();
  }
}
