/** What looks at a file have shown so far: how it is, and for how long it has been so. It looks at nothing itself. */
import type { FileLook } from '../files/log-file.js';
import type { FileProgress } from '../status/file-status.js';
import { UnreadAge } from '../status/unread-age.js';

/** What came of a file that was cut off. */
interface Cut {
  /** How far the file was stored then. */
  readonly offset: number;
  /** The largest size since, which other bytes have. */
  size: number;
  /** What was written after an earlier cut and cut off by this one. */
  readonly destroyedBytes: number;
}

export class Growth {
  /** Undefined where nothing is unread, as in thousands of quiet files. */
  #unreadAge: UnreadAge | undefined;
  #look: FileLook;
  /** Until it was first seen to shrink: then other bytes begin, unless reading goes on behind the same offset. */
  #largestSize: number;
  /** Comes when it shrinks: thousands of files never do. */
  #cut: Cut | undefined;
  #isTouched = false;
  /** By the monotonic clock, in milliseconds, as the times below. */
  #grewAtMs: number;
  /** The same, or when it was taken up: what was written just before that may go on. */
  #seenGrowingAtMs = performance.now();

  /** `offset`: how far the file is stored. */
  constructor(look: FileLook, offset: number) {
    this.#look = look;
    this.#largestSize = look.size;
    this.#grewAtMs = performance.now() - Math.max(0, Date.now() - Number(look.modifiedNs / 1_000_000n));
    this.#age(look.size, offset, this.#grewAtMs);
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
    return this.#cut?.destroyedBytes ?? 0;
  }

  /** Whether it was written to since it was taken up, were it only over what was there. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  see(look: FileLook, offset: number): void {
    const now = performance.now();
    // Two writes may come under one time stamp.
    if (look.modifiedNs !== this.#look.modifiedNs || look.size !== this.#look.size) this.#isTouched = true;
    if (look.size !== this.#look.size) this.#seenGrowingAtMs = this.#grewAtMs = now;
    if (look.size < this.#look.size) this.#cutOff(offset);
    // An unfinished line was taken back and written anew.
    else if (this.#cut !== undefined && offset > this.#cut.offset) this.#cut = undefined;
    this.#look = look;
    if (this.#cut === undefined) this.#largestSize = Math.max(this.#largestSize, look.size);
    else this.#cut.size = Math.max(this.#cut.size, look.size);
    this.#age(look.size, offset, now);
  }

  #age(size: number, offset: number, atMs: number): void {
    this.#unreadAge ??= new UnreadAge();
    this.#unreadAge.look(size, offset, atMs);
    this.#forgetNothing();
  }

  #forgetNothing(): void {
    if (this.#unreadAge?.isNone === true) this.#unreadAge = undefined;
  }

  #cutOff(offset: number): void {
    const { destroyedBytes, size } = this.#cut ?? { destroyedBytes: 0, size: 0 };
    this.#cut = { offset, size: 0, destroyedBytes: destroyedBytes + size };
  }

  /** Those before `offset` are stored. */
  stored(offset: number): void {
    this.#unreadAge?.stored(offset);
    this.#forgetNothing();
  }

  isQuietFor(quietMs: number): boolean {
    return performance.now() - this.#grewAtMs >= quietMs;
  }

  /** How long it has to stay as it is until it has been watched doing so for `restMs`; 0 when it has. */
  restsInMs(restMs: number): number {
    return Math.max(0, this.#seenGrowingAtMs + restMs - performance.now());
  }

  progress(path: string, offsetBytes: number, isRotated: boolean): FileProgress {
    const { size: sizeBytes } = this.#look;
    return { path, sizeBytes, offsetBytes, lagMs: this.#lagMs(offsetBytes), isRotated };
  }

  /** How long bytes behind the offset have been unread. */
  #lagMs(offset: number): number {
    return this.#unreadAge?.ageMs(offset, performance.now()) ?? 0;
  }
}
