/**
 * Whether the store serves, as the hub's own calls see it. Tells once when an outage begins and logs both
 * ends of it; never calls the store itself.
 */
import { messageOf, StoreError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Metrics } from './metrics.js';

/** Failures that follow each other within this time belong to one outage: a store comes back piece by piece. */
const SAME_OUTAGE_MS = 10_000;

export class StoreHealth {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #onOutage: () => void;
  readonly #now: () => number;
  #isDown = false;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #outages = 0;

  constructor(logger: Logger, metrics: Metrics, onOutage: () => void, now = Date.now) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#onOutage = onOutage;
    this.#now = now;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** How many outages there were, the present one included: names it for those who tell it once. */
  get outages(): number {
    return this.#outages;
  }

  /** Returns whether the failure concerns the store as a whole, rather than what was asked of it. */
  failed(error: unknown, what: string): boolean {
    this.#metrics.storeErrors.inc();
    const isOutage = error instanceof StoreError && error.retryable;
    if (!isOutage) this.#logger.error(`${what} failed: ${messageOf(error)}`);
    else this.#suffer(error);
    return isOutage;
  }

  succeeded(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.info('the store serves again');
  }

  #suffer(error: StoreError): void {
    const nowMs = this.#now();
    const isNew = !this.#isDown && nowMs - this.#failedAtMs >= SAME_OUTAGE_MS;
    this.#failedAtMs = nowMs;
    this.#isDown = true;
    if (!isNew) return;
    this.#outages += 1;
    this.#logger.warn(`the store cannot serve: ${error.message}; clients wait until it can`);
    this.#onOutage();
  }
}
