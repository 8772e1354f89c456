/** What looks at a file have shown so far: how it is, and for how long it has been so. It looks at nothing itself. */
import type { FileLook } from '../files/log-file.js';
import { UnreadAge } from '../status/unread-age.js';

export class Growth {
  readonly #sizeAtStart: number;
  readonly #unreadAge = new UnreadAge();
  #look: FileLook;
  /** Until it was first seen to shrink: then other bytes begin, unless reading goes on behind the same offset. */
  #largestSize: number;
  /** The largest size since then, and since it was cut off again. */
  #sizeSinceCut: number | undefined;
  #offsetAtCut = Number.POSITIVE_INFINITY;
  #destroyedBytes = 0;
  /** By the monotonic clock, in milliseconds, as the times below. */
  #grewAtMs: number;
  /** The same, or when it was taken up: what was written just before that may go on. */
  #seenGrowingAtMs = performance.now();

  /** `offset`: how far the file is stored. */
  constructor(look: FileLook, offset: number) {
    this.#look = look;
    this.#sizeAtStart = look.size;
    this.#largestSize = look.size;
    this.#grewAtMs = performance.now() - Math.max(0, Date.now() - Number(look.modifiedNs / 1_000_000n));
    this.#unreadAge.look(look.size, offset, this.#grewAtMs);
  }

  /** The last look. */
  get look(): FileLook {
    return this.#look;
  }

  get largestSize(): number {
    return this.#largestSize;
  }

  /** What was written after the file was cut off, and cut off in its turn: nobody came to read it meanwhile. */
  get destroyedBytes(): number {
    return this.#destroyedBytes;
  }

  get hasChanged(): boolean {
    return this.#look.size !== this.#sizeAtStart;
  }

  see(look: FileLook, offset: number): void {
    const now = performance.now();
    if (look.size !== this.#look.size) this.#seenGrowingAtMs = this.#grewAtMs = now;
    if (look.size < this.#look.size) this.#cutOff(offset);
    else if (offset > this.#offsetAtCut) this.#goOn();
    this.#look = look;
    if (this.#sizeSinceCut === undefined) this.#largestSize = Math.max(this.#largestSize, look.size);
    else this.#sizeSinceCut = Math.max(this.#sizeSinceCut, look.size);
    this.#unreadAge.look(look.size, offset, now);
  }

  #cutOff(offset: number): void {
    this.#destroyedBytes += this.#sizeSinceCut ?? 0;
    this.#sizeSinceCut = 0;
    this.#offsetAtCut = offset;
  }

  /** An unfinished line was taken back and written anew. */
  #goOn(): void {
    this.#destroyedBytes = 0;
    this.#sizeSinceCut = undefined;
    this.#offsetAtCut = Number.POSITIVE_INFINITY;
  }

  /** Those before `offset` are stored. */
  stored(offset: number): void {
    this.#unreadAge.stored(offset);
  }

  isQuietFor(quietMs: number): boolean {
    return performance.now() - this.#grewAtMs >= quietMs;
  }

  /** How long it has to stay as it is until it has been watched doing so for `restMs`; 0 when it has. */
  restsInMs(restMs: number): number {
    return Math.max(0, this.#seenGrowingAtMs + restMs - performance.now());
  }

  /** How long bytes behind the offset have been unread. */
  lagMs(offset: number): number {
    return this.#unreadAge.ageMs(offset, performance.now());
  }
}
