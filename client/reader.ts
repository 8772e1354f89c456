/**
 * The reading end of a subscription: a queue, and at most one reader who waits for it. An event counts as dealt
 * with when the reader asks for the next one, never before: cursors that people keep rest on that.
 */
import { ClientError } from './errors.js';
import { EventQueue, type QueuedEvent } from './event-queue.js';
import type { SubscriptionEvent } from './events.js';

type Result = IteratorResult<SubscriptionEvent, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: ClientError): void;
}

export class Reader {
  readonly queue = new EventQueue();
  readonly #onDealtWith: (item: QueuedEvent) => void;
  #given: QueuedEvent | undefined;
  #waiting: Waiting | undefined;
  #end: { readonly error: ClientError | undefined } | undefined;

  constructor(onDealtWith: (item: QueuedEvent) => void) {
    this.#onDealtWith = onDealtWith;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  next(): Promise<Result> {
    if (this.#waiting !== undefined) return Promise.reject(concurrentRead());
    const given = this.#given;
    this.#given = undefined;
    if (given !== undefined) this.#onDealtWith(given);
    const item = this.queue.shift();
    if (item !== undefined) return Promise.resolve(this.#give(item));
    if (this.#end !== undefined) return this.#last(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  push(item: QueuedEvent): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.queue.push(item);
    else waiting.resolve(this.#give(item));
  }

  /** What is queued is still read; then the iteration throws. */
  fail(error: ClientError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** What is queued is forgotten, and does not count as dealt with. */
  close(): void {
    this.#end ??= { error: undefined };
    this.#given = undefined;
    this.queue.clear();
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  #give(item: QueuedEvent): Result {
    this.#given = item;
    return { done: false, value: item.event };
  }

  #last(error: ClientError | undefined): Promise<Result> {
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }
}

function concurrentRead(): ClientError {
  return new ClientError(
    'concurrent_read',
    'A subscription has one reader: wait for the event before asking for the next, or subscribe twice.',
  );
}
