/**
 * The bound on what is under way over all sources: so many batches, each with the buffer it is read into. A
 * source that finds none free waits its turn; nobody is overtaken.
 */
import { READ_BUFFER_BYTES } from './tail.js';

/** With batches of 256 KiB: 8 MiB of raw bytes, and about as much again encoded. */
const SLOTS = 32;

export interface Slot {
  readonly buffer: Buffer;
  release(): void;
}

export class BatchSlots {
  readonly #idle: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  #taken = 0;

  /** Release every slot exactly once. */
  async take(): Promise<Slot> {
    const buffer = this.#free() ?? (await new Promise<Buffer>((resolve) => this.#waiting.push(resolve)));
    return { buffer, release: () => this.#release(buffer) };
  }

  #free(): Buffer | undefined {
    if (this.#taken === SLOTS) return undefined;
    this.#taken++;
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  }

  #release(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(buffer);
    } else {
      this.#taken--;
      this.#idle.push(buffer);
    }
  }
}
