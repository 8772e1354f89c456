/**
 * Gives back the memory that a burst of work has left behind, once the process has come to rest. V8 keeps what
 * it once took until far more is wanted of it: an agent that had begun 10,000 files held 200 MiB from then on,
 * half of it garbage and empty pages. It never collects while there is much to do.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

const LOOK_EVERY_MS = 2_000;

/** Below this share of a core, from one look to the next, a process is at rest. */
const RESTING_SHARE = 0.1;

/**
 * A heap so much larger than after the last collection is worth another one: more than the space for new objects
 * that even a process at rest fills again and again.
 */
const WORTHWHILE_BYTES = 4 * 1024 * 1024;
const WORTHWHILE_SHARE = 0.1;

/**
 * A collection takes a tenth of a second where 10,000 files are tailed: more often it would be felt. Much less
 * often, and one that came in a lull of the work would leave behind what the rest of it left.
 */
const COLLECT_EVERY_MS = 30_000;

/**
 * By so much the heap may grow before garbage is looked for again, while V8 would let it grow fourfold: 150 MiB
 * at the start with 10,000 files instead of 220, for the same processor time.
 */
const GROWTH_PERCENT = 20;

export interface Load {
  readonly nowMs: number;
  /** Of all threads since the start. */
  readonly cpuMs: number;
  /** What the heap takes of the system, used or not. */
  readonly heapBytes: number;
}

/** When to collect. Pure: it is told the load, and what came of a collection. */
export class SlackRule {
  #before: Load | undefined;
  #leanBytes = 0;
  #collectAfterMs = Number.NEGATIVE_INFINITY;

  isDue(load: Load): boolean {
    const before = this.#before;
    this.#before = load;
    if (before === undefined || load.nowMs < this.#collectAfterMs) return false;
    const isResting = load.cpuMs - before.cpuMs < (load.nowMs - before.nowMs) * RESTING_SHARE;
    return isResting && load.heapBytes > this.#leanBytes * (1 + WORTHWHILE_SHARE) + WORTHWHILE_BYTES;
  }

  collected({ nowMs, heapBytes }: Load): void {
    this.#leanBytes = heapBytes;
    this.#collectAfterMs = nowMs + COLLECT_EVERY_MS;
  }
}

export class Slack {
  readonly #rule = new SlackRule();
  readonly #timer: NodeJS.Timeout;
  #isCollecting = false;

  constructor(lookEveryMs = LOOK_EVERY_MS) {
    setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isCollecting || !this.#rule.isDue(loadNow())) return;
    this.#isCollecting = true;
    await collect();
    this.#isCollecting = false;
    this.#rule.collected(loadNow());
  }
}

function loadNow(): Load {
  const { user, system } = process.cpuUsage();
  return {
    nowMs: performance.now(),
    cpuMs: (user + system) / 1_000,
    heapBytes: process.memoryUsage().heapTotal,
  };
}

/** The one collection within reach of a program that gives pages back too; the inspector opens no port for it. */
async function collect(): Promise<void> {
  if (!process.features.inspector) return;
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  await new Promise<void>((resolve) => session.post('HeapProfiler.collectGarbage', () => resolve()));
  // Inside the answer a session cannot be ended: the process would stand still for ever.
  await nextTurn();
  session.disconnect();
}
