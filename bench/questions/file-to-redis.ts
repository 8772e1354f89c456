/**
 * How many lines a second does one agent move from a file into Redis? A prepared file appears in a directory
 * that the agent watches; the clock stops when the store has every line. Finding the file is part of it.
 */
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { LogReader } from '../../shared/store/log-store.js';
import type { openRedisReader } from '../../shared/store/redis/index.js';
import { startRedis } from '../../test/support/redis-server.js';
import { type Corpus, writeCorpus } from '../harness/corpus.js';
import { built } from '../harness/inside.js';
import { cpuSeconds } from '../harness/processes.js';
import { startAgent, TENANT } from '../harness/product.js';
import { Program, secondsBetween } from '../harness/program.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';

interface Run {
  readonly linesPerSecond: number;
  readonly cpuSeconds: number;
}

const CHANNEL = 'access';
const LOOK_EVERY_MS = 5;
const STALLED_MS = 30_000;
const NO_AOF_REWRITE = ['--auto-aof-rewrite-percentage', '0'];

export async function fileToRedis(bench: Bench): Promise<Answer[]> {
  const corpus = await writeCorpus(
    bench.directory,
    'access',
    at(bench, { full: 4e6, quick: 1e6, smoke: 2e4 }),
  );
  const runs: Run[] = [];
  const plain: Run[] = [];
  for (let run = 1; run <= at(bench, { full: 5, quick: 2, smoke: 1 }); run += 1) {
    bench.note(`file-to-redis: run ${run}, agent, then plain packer`);
    runs.push(await withAgent(bench, corpus, `run-${run}`));
    plain.push(await withPlainPacker(corpus));
  }
  return [
    {
      question: 'file-to-redis',
      measure: 'one agent',
      unit: 'lines/s',
      runs: runs.map((run) => run.linesPerSecond),
      bar: { value: 1e6, better: 'higher' },
      yardstick: { name: 'plain packer', runs: plain.map((run) => run.linesPerSecond) },
      details: {
        'lines a run': corpus.lines,
        'bytes a line': corpus.bytes / corpus.lines,
        'agent CPU s': median(runs.map((run) => run.cpuSeconds)),
        'packer CPU s': median(plain.map((run) => run.cpuSeconds)),
      },
    },
  ];
}

async function withAgent(bench: Bench, corpus: Corpus, name: string): Promise<Run> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  const watched = join(bench.directory, name);
  await mkdir(watched);
  await using agent = await startAgent(bench, { redisUrl: redis.url, include: watched, channel: CHANNEL });
  const reader = await openReader(bench, redis.url);
  const cpuBefore = cpuSeconds(agent.pid);
  const startedAt = performance.now();
  await link(corpus.file, join(watched, 'access.log'));
  await storedLines(reader, corpus.lines);
  const seconds = (performance.now() - startedAt) / 1_000;
  const used = cpuSeconds(agent.pid) - cpuBefore;
  await reader.close();
  await rm(watched, { recursive: true });
  return { linesPerSecond: corpus.lines / seconds, cpuSeconds: used };
}

async function openReader(bench: Bench, url: string): Promise<LogReader> {
  type Module = { openRedisReader: typeof openRedisReader };
  const { openRedisReader: open } = await built<Module>(bench.dist, 'shared/store/redis/index.js');
  const reader = open({ url });
  await reader.ping();
  return reader;
}

/** Rejects when there is one line too many, or when nothing moves any more. */
async function storedLines(reader: LogReader, lines: number): Promise<void> {
  let stored = 0;
  let movedAt = performance.now();
  while (stored < lines) {
    await sleep(LOOK_EVERY_MS);
    const [head] = await reader.heads([{ tenant: TENANT, channel: CHANNEL }]);
    const now = (head?.nextSeq ?? 1) - 1;
    if (now !== stored) movedAt = performance.now();
    if (performance.now() - movedAt > STALLED_MS)
      throw new Error(`the agent stopped at line ${now} of ${lines}`);
    stored = now;
  }
  if (stored > lines) throw new Error(`${stored} lines are stored of a file with ${lines}`);
}

async function withPlainPacker(corpus: Corpus): Promise<Run> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  const settings = {
    redisUrl: redis.url,
    file: corpus.file,
    streamKey: 'plain',
    batchRawBytes: BATCH_RAW_BYTES_MAX,
  };
  await using packer = Program.start('yardsticks/plain-packer.ts', settings);
  await packer.next('ready');
  const cpuBefore = cpuSeconds(packer.pid);
  packer.send({ kind: 'go' });
  const started = await packer.next('started');
  const done = await packer.next('done');
  const used = cpuSeconds(packer.pid) - cpuBefore;
  if (done['lines'] !== corpus.lines) throw new Error(`the plain packer made ${done['lines']} lines`);
  return { linesPerSecond: corpus.lines / secondsBetween(started, done), cpuSeconds: used };
}
