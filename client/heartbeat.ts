/**
 * Notices a connection that died without a word: after a silence it asks, and if nothing at all comes back it
 * gives up. One timer that looks at the time, not one per message.
 */
import type { Clock } from './clock.js';
import { PONG_TIMEOUT_MS, SILENCE_MS } from './options.js';

export interface HeartbeatActions {
  ping(): void;
  lost(): void;
}

export class Heartbeat {
  readonly #clock: Clock;
  readonly #actions: HeartbeatActions;
  #heardAtMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, actions: HeartbeatActions) {
    this.#clock = clock;
    this.#actions = actions;
  }

  start(): void {
    this.stop();
    this.heard();
    this.#watch();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Any message counts, whatever it says. */
  heard(): void {
    this.#heardAtMs = this.#clock.now();
  }

  #watch(): void {
    const silentForMs = this.#clock.now() - this.#heardAtMs;
    if (silentForMs >= SILENCE_MS) this.#ask();
    else this.#cancel = this.#clock.after(SILENCE_MS - silentForMs, () => this.#watch());
  }

  #ask(): void {
    const heardAtMs = this.#heardAtMs;
    this.#cancel = this.#clock.after(PONG_TIMEOUT_MS, () => {
      if (this.#heardAtMs === heardAtMs) this.#actions.lost();
      else this.#watch();
    });
    this.#actions.ping();
  }
}
