/**
 * Frames of one channel in memory, each found by the entry before it, which is what the cursor of whoever gets
 * it next holds. A feed keeps two: the recent frames up to the tip, and those read for clients that catch up.
 * Bounded by a budget that all chains of a hub share; the oldest frames go first.
 */
import type { Position } from '../shared/protocol/cursor.js';
import type { Frame, FrameHolder } from './frame.js';

export class FrameChain implements FrameHolder {
  readonly #budget: FrameBudget;
  readonly #bytesMax: number;
  readonly #frames = new Map<string, Frame>();
  #bytes = 0;

  constructor(budget: FrameBudget, bytesMax: number) {
    this.#budget = budget;
    this.#bytesMax = bytesMax;
  }

  /** The frame that holds the line a cursor names; undefined where it is not in memory. */
  after(cursor: Position): Frame | undefined {
    const frame = this.#frames.get(cursor.entry);
    return frame?.contains(cursor) === true ? frame : undefined;
  }

  add(frame: Frame): void {
    this.#drop(this.#frames.get(frame.before));
    this.#frames.set(frame.before, frame);
    frame.holder = this;
    this.grew(frame.bytes);
  }

  grew(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.charge(this, bytes);
    while (this.#bytes > this.#bytesMax) this.dropOldest();
  }

  dropOldest(): void {
    const [oldest] = this.#frames.values();
    this.#drop(oldest);
  }

  clear(): void {
    for (const frame of this.#frames.values()) this.#drop(frame);
  }

  #drop(frame: Frame | undefined): void {
    if (frame === undefined) return;
    this.#frames.delete(frame.before);
    frame.holder = undefined;
    this.#bytes -= frame.bytes;
    this.#budget.release(this, frame.bytes, this.#frames.size === 0);
  }
}

/** The bytes of all chains. The chain that grew longest ago gives way first: nobody follows it closely. */
export class FrameBudget {
  readonly #bytesMax: number;
  readonly #chains = new Set<FrameChain>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  charge(chain: FrameChain, bytes: number): void {
    this.#bytes += bytes;
    this.#chains.delete(chain);
    this.#chains.add(chain);
    while (this.#bytes > this.#bytesMax) {
      const [stalest] = this.#chains;
      stalest?.dropOldest();
    }
  }

  release(chain: FrameChain, bytes: number, isEmpty: boolean): void {
    this.#bytes -= bytes;
    if (isEmpty) this.#chains.delete(chain);
  }
}
