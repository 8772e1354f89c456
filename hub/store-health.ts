/**
 * Whether the store serves, as the hub's own calls see it. Tells once when an outage begins and logs both
 * ends of it; never calls the store itself.
 */
import { messageOf, StoreError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Metrics } from './metrics.js';

export class StoreHealth {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #onOutage: () => void;
  #isDown = false;
  #outages = 0;

  constructor(logger: Logger, metrics: Metrics, onOutage: () => void) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#onOutage = onOutage;
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
    else if (!this.#isDown) this.#begin(error);
    return isOutage;
  }

  succeeded(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.info('the store serves again');
  }

  #begin(error: StoreError): void {
    this.#isDown = true;
    this.#outages += 1;
    this.#logger.warn(`the store cannot serve: ${error.message}; clients wait until it can`);
    this.#onOutage();
  }
}
