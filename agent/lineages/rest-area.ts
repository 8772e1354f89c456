/**
 * Lineages that have nothing to do, the longest resting first. It closes the handles of those that rest for
 * long, and of the longest resting ones when too many are open.
 */
import type { Lineage } from './lineage.js';

export class RestArea {
  readonly #openFilesMax: number;
  readonly #parkMs: number;
  /** Since when they rest, by the monotonic clock; in the order they came. */
  readonly #resting = new Map<Lineage, number>();

  constructor(openFilesMax: number, parkMs: number) {
    this.#openFilesMax = openFilesMax;
    this.#parkMs = parkMs;
  }

  /** The lineage has come to rest. */
  enter(lineage: Lineage): void {
    this.#resting.delete(lineage);
    if (lineage.openFiles === 0) return;
    this.#resting.set(lineage, performance.now());
    if (this.#resting.size > this.#openFilesMax) this.#parkOldest();
  }

  /** Parks whoever rests for long. */
  sweep(): void {
    const restedSince = performance.now() - this.#parkMs;
    for (const [lineage, since] of this.#resting) {
      if (since > restedSince) return;
      this.#park(lineage);
    }
  }

  #parkOldest(): void {
    const [oldest] = this.#resting.keys();
    if (oldest !== undefined) this.#park(oldest);
  }

  #park(lineage: Lineage): void {
    this.#resting.delete(lineage);
    lineage.park();
  }
}
