/** Waits until the store has all lines that a question wrote: only then a clock may stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogReader } from '../../shared/store/log-store.js';
import type { openRedisReader } from '../../shared/store/redis/index.js';
import { built } from './inside.js';
import { TENANT } from './product.js';
import type { Bench } from './question.js';

const STALLED_MS = 30_000;

export interface Expected {
  readonly channels: readonly string[];
  /** In all of them together. */
  readonly lines: number;
  /** A look at thousands of channels is work for Redis. */
  readonly lookEveryMs: number;
}

/** Resolves when the store has them; rejects when there is one too many, or when nothing moves any more. */
export async function storedLines(
  reader: LogReader,
  { channels, lines, lookEveryMs }: Expected,
): Promise<void> {
  const ids = channels.map((channel) => ({ tenant: TENANT, channel }));
  let stored = 0;
  let movedAt = performance.now();
  while (stored < lines) {
    await sleep(lookEveryMs);
    const heads = await reader.heads(ids);
    const now = heads.reduce((sum, { nextSeq }) => sum + nextSeq - 1, 0);
    if (now !== stored) movedAt = performance.now();
    if (performance.now() - movedAt > STALLED_MS)
      throw new Error(`the agent stopped at line ${now} of ${lines}`);
    stored = now;
  }
  if (stored > lines) throw new Error(`${stored} lines are stored of ${lines}`);
}

/** Of the built product; it is connected. Who opened it closes it. */
export async function openReader(bench: Bench, url: string): Promise<LogReader> {
  type Module = { openRedisReader: typeof openRedisReader };
  const { openRedisReader: open } = await built<Module>(bench.dist, 'shared/store/redis/index.js');
  const reader = open({ url });
  await reader.ping();
  return reader;
}
