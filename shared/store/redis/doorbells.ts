/**
 * Doorbells over sharded pub/sub, on a connection of their own. Remembers what is watched, subscribes again
 * after a reconnect and then tells that doorbells may have been lost. It never claims more than a hint.
 */
import type { Logger } from '../../logger.js';
import type { DoorbellListener } from '../log-store.js';
import type { Connection } from './connection.js';

/** A subscriber only listens: without asking now and then it would not notice that the other end is gone. */
const HEARTBEAT_MS = 10_000;

type Ring = (listener: DoorbellListener) => void;

interface Watch {
  readonly ring: Ring;
  /** Settles with the subscription, for everybody who asked meanwhile. */
  readonly established: Promise<void>;
}

export class Doorbells {
  readonly #connection: Connection;
  readonly #logger: Logger;
  readonly #watches = new Map<string, Watch>();
  #listener: DoorbellListener | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #everReady = false;

  constructor(connection: Connection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    connection.onReady = () => this.#resume();
    connection.onShardMessage = (doorbell) => this.#rang(doorbell);
  }

  listen(listener: DoorbellListener): void {
    this.#listener = listener;
  }

  watch(doorbell: string, ring: Ring): Promise<void> {
    const known = this.#watches.get(doorbell);
    if (known !== undefined) return known.established;
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
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
    Promise.all(subscriptions).then(
      () => this.#listener?.onLost(),
      (error: Error) => this.#logger.warn(error.message),
    );
  }

  #beat(): void {
    // The connection itself drops and reconnects when the answer does not come.
    if (this.#watches.size > 0) this.#connection.call('PING', [], () => {}).catch(() => {});
  }
}
