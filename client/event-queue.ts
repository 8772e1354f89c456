/** Events that a subscription has received and its reader has not asked for yet: first in, first out, counted. */
import type { SubscriptionEvent } from './events.js';

export interface QueuedEvent {
  readonly event: SubscriptionEvent;
  /** What it counts against the bound of the queue, in characters. */
  readonly size: number;
  /** Which request to the hub brought it; only what the present one brought is acknowledged. */
  readonly request: number;
}

/** Below this many empty slots the array is not worth moving. */
const COMPACT_FROM = 1024;

export class EventQueue {
  #items: (QueuedEvent | undefined)[] = [];
  #head = 0;
  #lines = 0;
  #characters = 0;

  get lines(): number {
    return this.#lines;
  }

  get characters(): number {
    return this.#characters;
  }

  push(item: QueuedEvent): void {
    this.#items.push(item);
    this.#lines += lineCount(item.event);
    this.#characters += item.size;
  }

  shift(): QueuedEvent | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#lines -= lineCount(item.event);
    this.#characters -= item.size;
    this.#forgetTaken();
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#lines = 0;
    this.#characters = 0;
  }

  /** Moving the array at every event would cost too much. */
  #forgetTaken(): void {
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

export function lineCount(event: SubscriptionEvent): number {
  return event.type === 'lines' ? event.lines.length : 0;
}
