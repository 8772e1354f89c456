/**
 * What shows that a source's bytes are still those that were read: the bytes before the place that was reached
 * and, as long as nothing was read, those that its mark was made of. Bytes that cannot change, of a pipe, have
 * none. It reads only where it moves on over bytes that it was not given.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { ByteReader } from '../files/log-file.js';
import { type MarkedLook, MarkTrail, type ProvenPlace, TAIL_BYTES } from '../files/mark.js';

/** The most that `before` returns. */
export const BEFORE_BYTES_MAX = TAIL_BYTES;

/** Bytes of a source that are known before they are read. */
interface Ahead {
  readonly offset: number;
  readonly bytes: Buffer;
}

const NONE = Buffer.alloc(0);
const NOTHING_AHEAD: Ahead = { offset: 0, bytes: NONE };

export class Footing {
  /** As it is at the start of the line; undefined for bytes that cannot change. */
  #trail: MarkTrail | undefined;
  /** The bytes just before the place that an unfinished line was searched to. */
  #insideLine = NONE;
  #ahead: Ahead;
  /** What was known ahead turned out to be different: that is no unfinished line written anew. */
  #isRefuted = false;

  /** `place` is undefined for bytes that cannot change. */
  constructor(place: ProvenPlace | undefined) {
    this.#trail = place?.trail;
    const isUnread = place?.trail.offset === 0;
    this.#ahead = isUnread ? { offset: place.hole, bytes: place.head } : NOTHING_AHEAD;
  }

  get isNeeded(): boolean {
    return this.#trail !== undefined;
  }

  positionAt(offset: number, look: MarkedLook): SourcePosition {
    return { offset, mark: this.#trail?.mark(look) ?? '' };
  }

  /** What must stand before the next bytes: those before the line, or inside it. */
  before(isAtLineStart: boolean): Buffer {
    return isAtLineStart && this.#trail !== undefined ? this.#trail.tail : this.#insideLine;
  }

  /** Whether a source of so many bytes can be the one, and these bytes of it are those that are known. */
  accepts(bytes: Buffer, offset: number, size: number): boolean {
    this.#isRefuted = !isAsKnown(bytes, offset, size, this.#ahead);
    return !this.#isRefuted;
  }

  /** The search goes on behind these bytes, which are no whole line. */
  searched(bytes: Buffer): void {
    if (this.#trail !== undefined) this.#insideLine = Buffer.from(bytes.subarray(-BEFORE_BYTES_MAX));
  }

  /** Whether all before the line is as it was. */
  async isKept(reader: ByteReader): Promise<boolean> {
    if (this.#trail === undefined || this.#isRefuted) return !this.#isRefuted;
    const now = await MarkTrail.at(reader, this.#trail.offset, this.#trail.hole);
    return now?.mark() === this.#trail.mark();
  }

  /** Moves on over lines and what lies before them: a byte order mark and NULs. */
  advance(mark: Buffer, nuls: number, lines: Buffer): void {
    this.#ahead = NOTHING_AHEAD;
    this.#trail?.advance(mark);
    this.#trail?.advanceOverNuls(nuls);
    this.#trail?.advance(lines);
  }

  /** Moves on to `offset`; false where the source is shorter. `hole`: NULs that it is known to begin with. */
  async jump(reader: ByteReader, offset: number, hole: number): Promise<boolean> {
    this.#ahead = NOTHING_AHEAD;
    if (this.#trail === undefined) return true;
    this.#trail = await MarkTrail.at(reader, offset, Math.max(hole, this.#trail.hole));
    return this.#trail !== undefined;
  }
}

function isAsKnown(bytes: Buffer, offset: number, size: number, ahead: Ahead): boolean {
  if (size < ahead.offset + ahead.bytes.length) return false;
  const from = Math.max(offset, ahead.offset);
  const to = Math.min(offset + bytes.length, ahead.offset + ahead.bytes.length);
  if (from >= to) return true;
  const known = ahead.bytes.subarray(from - ahead.offset, to - ahead.offset);
  return known.equals(bytes.subarray(from - offset, to - offset));
}
