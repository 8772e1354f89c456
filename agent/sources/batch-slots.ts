/**
 * The bound on what is under way over all sources: so many batches, each with the buffers it is read into and
 * encoded in. A source that finds none free waits its turn; nobody is overtaken.
 */
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import { workspaceBytes } from '../lines/line-encoder.js';
import { READ_BUFFER_BYTES } from '../lines/tail.js';

/** With batches of 256 KiB: 8 MiB of raw bytes, and about as much again encoded. */
const SLOTS = 32;

const WORKSPACE_BYTES = workspaceBytes(BATCH_RAW_BYTES_MAX);
const SLOT_BYTES = READ_BUFFER_BYTES + WORKSPACE_BYTES;

interface Buffers {
  readonly read: Buffer;
  readonly json: Buffer;
}

export interface Slot extends Buffers {
  release(): void;
}

export class BatchSlots {
  #idle: Buffers[] = [];
  readonly #waiting: ((buffers: Buffers) => void)[] = [];
  #taken = 0;
  #isNeeded = false;

  /** Release every slot exactly once. */
  async take(): Promise<Slot> {
    const buffers = this.#free() ?? (await new Promise<Buffers>((resolve) => this.#waiting.push(resolve)));
    return { ...buffers, release: () => this.#release(buffers) };
  }

  /** Lets go of the buffers if nobody has needed any since the sweep before. */
  sweep(): void {
    if (!this.#isNeeded && this.#taken === 0) this.#idle = [];
    this.#isNeeded = false;
  }

  #free(): Buffers | undefined {
    this.#isNeeded = true;
    if (this.#taken === SLOTS) return undefined;
    if (this.#taken === 0 && this.#idle.length === 0) this.#idle = newBuffers();
    this.#taken++;
    return this.#idle.pop();
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

/**
 * In one piece, so large that the allocator takes it from the system and gives it back as such: piece by piece
 * they came to lie between small things, and left holes behind that stayed the agent's. The system hands out
 * memory only for the parts that are written to, and the last slot given back is the next one taken.
 */
function newBuffers(): Buffers[] {
  const all = Buffer.allocUnsafeSlow(SLOTS * SLOT_BYTES);
  return Array.from({ length: SLOTS }, (_, slot) => {
    const bytes = all.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    return { read: bytes.subarray(0, READ_BUFFER_BYTES), json: bytes.subarray(READ_BUFFER_BYTES) };
  }).reverse();
}
