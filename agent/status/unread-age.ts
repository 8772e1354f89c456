/**
 * Since when a file has had bytes that are not in the store, as well as looks at its size can tell. It keeps no
 * clock and no file: whoever looks passes in what was seen, and when.
 */

interface Mark {
  /** So many bytes were in the file … */
  readonly size: number;
  /** … at this time at the latest. */
  readonly atMs: number;
}

/** Marks kept of one file: beyond that every second one goes, and the answer gets coarser. */
const MARKS_MAX = 16;

const NONE: readonly Mark[] = [];

export class UnreadAge {
  /** Ascending in both. Empty where nothing is unread, so that quiet files share one. */
  #marks: readonly Mark[] = NONE;

  /** Whether it knows of no unread byte. */
  get isNone(): boolean {
    return this.#marks.length === 0;
  }

  /** Those before `offset` are stored. */
  stored(offset: number): void {
    const unread = this.#marks.filter((mark) => mark.size > offset);
    this.#marks = unread.length === 0 ? NONE : unread;
  }

  /** A look showed `size` bytes; those before `offset` are stored. */
  look(size: number, offset: number, atMs: number): void {
    this.stored(offset);
    // A file that got shorter is another file: what was seen of the longer one says nothing.
    if ((this.#marks.at(-1)?.size ?? 0) > size) this.#marks = NONE;
    if (size <= Math.max(offset, this.#marks.at(-1)?.size ?? 0)) return;
    const kept = this.#marks.length < MARKS_MAX ? this.#marks : this.#marks.filter((_, i) => i % 2 === 0);
    // Not put together by spreading, which takes room for seventeen.
    this.#marks = kept.concat({ size, atMs });
  }

  /** For how long the byte at `offset` has been there at least; 0 where no look has shown it yet. */
  ageMs(offset: number, nowMs: number): number {
    const mark = this.#marks.find(({ size }) => size > offset);
    return mark === undefined ? 0 : Math.max(0, nowMs - mark.atMs);
  }
}
