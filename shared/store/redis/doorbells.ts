/**
 * Doorbells over sharded pub/sub, on a connection of their own. Remembers what is watched, subscribes again
 * after a reconnect and then tells that doorbells may have been lost. It never claims more than a hint.
 */
import { messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { DoorbellListener } from '../log-store.js';
import type { Connection } from './connection.js';

type Ring = (listener: DoorbellListener) => void;

interface Watch {
  readonly ring: Ring;
  /** Settles with the subscription, for everybody who asked meanwhile. */
  readonly established: Promise<void>;
}

export class Doorbells {
  readonly #connection: Connection;
  readonly #logger: Logger;
  readonly #heartbeatMs: number;
  readonly #watches = new Map<string, Watch>();
  #listener: DoorbellListener | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #everReady = false;

  /**
   * A subscriber only listens: without asking every `heartbeatMs` it would not notice that the other end is
   * gone without a word.
   */
  constructor(connection: Connection, logger: Logger, heartbeatMs: number) {
    this.#connection = connection;
    this.#logger = logger;
    this.#heartbeatMs = heartbeatMs;
    connection.onReady = () => this.#resume();
    connection.onShardMessage = (doorbell) => this.#rang(doorbell);
  }

  listen(listener: DoorbellListener): void {
    this.#listener = listener;
  }

  watch(doorbell: string, ring: Ring): Promise<void> {
    const known = this.#watches.get(doorbell);
    if (known !== undefined) return known.established;
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#heartbeatMs).unref();
    const watch: Watch = { ring, established: this.#subscribe(doorbell) };
    this.#watches.set(doorbell, watch);
    watch.established.catch(() => {
      if (this.#watches.get(doorbell) === watch) this.#watches.delete(doorbell);
    });
    return watch.established;
  }

  async unwatch(doorbell: string): Promise<void> {
    if (!this.#watches.delete(doorbell)) return;
    // On a connection that is gone, so is the subscription.
    await this.#connection.call('SUNSUBSCRIBE', [doorbell], () => {}).catch(() => {});
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#watches.clear();
    await this.#connection.close();
  }

  #subscribe(doorbell: string): Promise<void> {
    return this.#connection.call('SSUBSCRIBE', [doorbell], () => {});
  }

  #rang(doorbell: string): void {
    const watch = this.#watches.get(doorbell);
    if (watch !== undefined && this.#listener !== undefined) watch.ring(this.#listener);
  }

  /** On a new connection: what was watched is watched again, then everything must be looked at. */
  #resume(): void {
    const isFirst = !this.#everReady;
    this.#everReady = true;
    if (isFirst) return;
    const subscriptions = [...this.#watches.keys()].map((doorbell) => this.#subscribe(doorbell));
    void Promise.allSettled(subscriptions).then((results) => {
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) this.#logger.warn(messageOf(failed.reason));
      this.#listener?.onLost();
    });
  }

  #beat(): void {
    // The connection itself drops and reconnects when the answer does not come.
    if (this.#watches.size > 0) this.#connection.call('PING', [], () => {}).catch(() => {});
  }
}
