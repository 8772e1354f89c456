/**
 * The bound on what is under way over all sources: so many batches, each with the buffers it is read into and
 * encoded in. A source that finds none free waits its turn; nobody is overtaken.
 */
import { BATCH_RAW_BYTES_MAX } from '../shared/protocol/limits.js';
import { workspaceBytes } from './line-encoder.js';
import { READ_BUFFER_BYTES } from './tail.js';

/** With batches of 256 KiB: 8 MiB of raw bytes, and about as much again encoded. */
const SLOTS = 32;

/** Memory of the system is taken only for the part of a buffer that was ever written to. */
interface Buffers {
  readonly read: Buffer;
  readonly json: Buffer;
}

export interface Slot extends Buffers {
  release(): void;
}

export class BatchSlots {
  readonly #idle: Buffers[] = [];
  readonly #waiting: ((buffers: Buffers) => void)[] = [];
  #taken = 0;

  /** Release every slot exactly once. */
  async take(): Promise<Slot> {
    const buffers = this.#free() ?? (await new Promise<Buffers>((resolve) => this.#waiting.push(resolve)));
    return { ...buffers, release: () => this.#release(buffers) };
  }

  #free(): Buffers | undefined {
    if (this.#taken === SLOTS) return undefined;
    this.#taken++;
    return this.#idle.pop() ?? newBuffers();
  }

  #release(buffers: Buffers): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(buffers);
    } else {
      this.#taken--;
      this.#idle.push(buffers);
    }
  }
}

function newBuffers(): Buffers {
  return {
    read: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
    json: Buffer.allocUnsafeSlow(workspaceBytes(BATCH_RAW_BYTES_MAX)),
  };
}
