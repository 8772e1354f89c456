/** Wakes a reader when the event that its source ends with can go on no longer: one timer at the most. */
export class EventWait {
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** A wait that is on is left as it is: who is woken too early looks again and waits for the rest. */
  begin(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
