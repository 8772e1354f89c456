/**
 * Waiting for an event inside a test, for one waiter. Bounded, so that what never comes fails with a sentence
 * and all that the test started is still cleaned up.
 */

const WITHIN_MS = 30_000;

export class Bell {
  #ring: () => void = () => undefined;

  ring(): void {
    this.#ring();
  }

  /** Resolves at the next `ring`. */
  async next(what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#ring = resolve;
        timer = setTimeout(() => reject(new Error(`waited ${WITHIN_MS} ms in vain for ${what}`)), WITHIN_MS);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
