/** A process that has come to rest: when that is, and what it takes from then on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, residentBytes } from './processes.js';
import { at, type Bench } from './question.js';

export interface Resting {
  /** Share of one core over the whole watch. */
  readonly coreShare: number;
  /** The most that was resident at any look. */
  readonly residentBytes: number;
}

const LOOK_EVERY_MS = 1_000;

/** Below this share of a core at so many looks in a row, what was begun is over. */
const RESTING_SHARE = 0.1;
const RESTING_LOOKS = { full: 5, quick: 5, smoke: 1 };
const LOOKS_MAX = 180;

/** Rejects if the process is not at rest within three minutes. */
export async function untilAtRest(bench: Bench, pid: number): Promise<void> {
  let resting = 0;
  for (let looks = 0; resting < at(bench, RESTING_LOOKS); looks += 1) {
    if (looks === LOOKS_MAX) throw new Error(`process ${pid} does not come to rest`);
    const { coreShare } = await watch(pid, LOOK_EVERY_MS);
    resting = coreShare < RESTING_SHARE ? resting + 1 : 0;
  }
}

export async function watchAtRest(bench: Bench, pid: number, seconds: number): Promise<Resting> {
  await untilAtRest(bench, pid);
  return watch(pid, seconds * 1_000);
}

async function watch(pid: number, forMs: number): Promise<Resting> {
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds(pid);
  let most = 0;
  let elapsedMs = 0;
  while (elapsedMs < forMs) {
    await sleep(Math.min(LOOK_EVERY_MS, forMs - elapsedMs));
    most = Math.max(most, residentBytes(pid));
    elapsedMs = performance.now() - startedAt;
  }
  return { coreShare: (cpuSeconds(pid) - cpuBefore) / (elapsedMs / 1_000), residentBytes: most };
}
