/**
 * Tells the hub how far the reader has come in each channel, once half of its window is dealt with: rarely
 * enough to cost nothing, early enough that lines keep coming meanwhile. A hub bounds the messages that it
 * takes in a second, so with a small window there is a pause between two rounds.
 */
import type { Clock } from './clock.js';
import type { LinesEvent } from './events.js';

const PAUSE_MS = 10;

interface DealtWith {
  cursor: string;
  lines: number;
}

export class Acknowledgement {
  readonly #clock: Clock;
  readonly #send: (channel: string, cursor: string) => void;
  readonly #channels = new Map<string, DealtWith>();
  readonly #due = new Set<string>();
  #threshold = 1;
  #cancelPause: (() => void) | undefined;

  constructor(clock: Clock, send: (channel: string, cursor: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** A new request begins with nothing unacknowledged. */
  restart(windowLines: number): void {
    this.stop();
    this.#threshold = Math.max(1, Math.floor(windowLines / 2));
  }

  stop(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#channels.clear();
    this.#due.clear();
  }

  dealtWith({ channel, cursor, lines }: LinesEvent): void {
    const entry = this.#channels.get(channel) ?? { cursor, lines: 0 };
    entry.cursor = cursor;
    entry.lines += lines.length;
    this.#channels.set(channel, entry);
    if (entry.lines < this.#threshold) return;
    this.#due.add(channel);
    if (this.#cancelPause === undefined) this.#round();
  }

  #round(): void {
    for (const channel of this.#due) {
      const { cursor } = this.#channels.get(channel) ?? {};
      if (cursor !== undefined) this.#send(channel, cursor);
      this.#channels.delete(channel);
    }
    this.#cancelPause = this.#due.size === 0 ? undefined : this.#clock.after(PAUSE_MS, () => this.#round());
    this.#due.clear();
  }
}
