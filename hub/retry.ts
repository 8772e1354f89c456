/** The next attempt of something that failed: one timer, with delays that grow until it succeeds. */
import { type Backoff, backoffDelay } from '../shared/backoff.js';

const BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

export class Retry {
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `action` later, instead of any action that is still waiting. */
  schedule(action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, backoffDelay(this.#attempt, BACKOFF));
    this.#attempt += 1;
  }

  succeeded(): void {
    this.#attempt = 0;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
