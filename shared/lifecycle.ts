/**
 * Parts of a program that are started one after the other and stopped in the opposite order: what was
 * started first, others may still need. Knows nothing of signals; cli/ decides when to stop.
 */

import { messageOf } from './errors.js';
import type { Logger } from './logger.js';

interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

export class Lifecycle {
  readonly #logger: Logger;
  readonly #started: Part[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Starts a part and remembers how to stop it. When it fails to start, stop what runs with `stop()`. */
  async start<T>(name: string, start: () => Promise<T> | T, stop: (part: T) => Promise<void>): Promise<T> {
    const part = await start();
    this.#started.push({ name, stop: () => stop(part) });
    return part;
  }

  /** Stops everything, last started first. A part that fails to stop is reported and keeps no other from it. */
  async stop(): Promise<void> {
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) {
      try {
        await part.stop();
      } catch (error) {
        this.#logger.error(`the ${part.name} did not stop cleanly: ${messageOf(error)}`);
      }
    }
  }
}
