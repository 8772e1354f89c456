/**
 * How many bytes of Redis does a byte of log take? Measured on access logs and on the lines of several
 * applications, as an agent stores files that were there, and once for lines that trickle in.
 */
import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedis } from '../../test/support/redis-server.js';
import { type CorpusKind, writeCorpus } from '../harness/corpus.js';
import { startAgent, TENANT } from '../harness/product.js';
import { Program } from '../harness/program.js';
import { type Answer, at, type Bench } from '../harness/question.js';

interface Measured {
  readonly rawBytes: number;
  /** MEMORY USAGE of all that the store keeps. */
  readonly keyBytes: number;
  /** What used_memory grew by, with scripts and buffers of the server; the agent has left before it is read. */
  readonly usedBytes: number;
  readonly batches: number;
}

/** Writes to the watched directory; returns how many bytes and lines. */
type Fill = (watched: string) => Promise<{ bytes: number; lines: number }>;

const CHANNEL = 'log';
const LOOK_EVERY_MS = 20;
const STALLED_LOOKS = 1_500;
const TRICKLE_LINES_PER_SECOND = 1_000;
const BAR = { value: 0.25, better: 'lower' } as const;

export async function redisBytes(bench: Bench): Promise<Answer[]> {
  bench.note('redis-bytes: access logs, application logs, a trickle');
  const access = await measure(bench, 'access', (watched) => prepared(bench, watched, 'access'));
  const application = await measure(bench, 'application', (watched) =>
    prepared(bench, watched, 'application'),
  );
  const trickle = await measure(bench, 'trickle', (watched) => trickled(bench, watched));
  return [
    { ...answer('access logs', access), bar: BAR },
    { ...answer('application logs', application), bar: BAR },
    answer(`access logs that trickle in, ${TRICKLE_LINES_PER_SECOND} lines/s`, trickle),
  ];
}

function answer(measureName: string, { rawBytes, keyBytes, usedBytes, batches }: Measured): Answer {
  return {
    question: 'redis-bytes',
    measure: measureName,
    unit: 'bytes per raw byte',
    runs: [keyBytes / rawBytes],
    details: { 'raw bytes': rawBytes, 'growth of used_memory per raw byte': usedBytes / rawBytes, batches },
  };
}

async function measure(bench: Bench, name: string, fill: Fill): Promise<Measured> {
  // Without AOF: its buffers count as used memory and say nothing about what is retained.
  await using redis = await startRedis({ settings: ['--appendonly', 'no'] });
  const client = new Redis(redis.url);
  const watched = join(bench.directory, `bytes-${name}`);
  await mkdir(watched);
  const before = await usedMemory(client);
  const written = await store(bench, redis.url, client, watched, fill);
  const after = await usedMemory(client);
  const keyBytes = await memoryUsage(client);
  const batches = await client.xlen(key('log'));
  client.disconnect();
  return { rawBytes: written.bytes, keyBytes, usedBytes: after - before, batches };
}

async function store(
  bench: Bench,
  redisUrl: string,
  client: Redis,
  watched: string,
  fill: Fill,
): Promise<{ bytes: number }> {
  await using _agent = await startAgent(bench, { redisUrl, include: watched, channel: CHANNEL });
  const written = await fill(watched);
  for (let looks = 0; Number(await client.hget(key('meta'), 'next')) <= written.lines; looks += 1) {
    if (looks > STALLED_LOOKS) throw new Error('the agent does not store what was written');
    await sleep(LOOK_EVERY_MS);
  }
  return written;
}

async function prepared(
  bench: Bench,
  watched: string,
  kind: CorpusKind,
): Promise<{ bytes: number; lines: number }> {
  const lines = at(bench, { full: 400_000, quick: 100_000, smoke: 5_000 });
  const folder = `${watched}-corpus`;
  await mkdir(folder);
  const corpus = await writeCorpus(folder, kind, lines);
  await link(corpus.file, join(watched, 'app.log'));
  return corpus;
}

async function trickled(bench: Bench, watched: string): Promise<{ bytes: number; lines: number }> {
  const lines = at(bench, { full: 5_000, quick: 2_000, smoke: 300 });
  const settings = { files: [join(watched, 'app.log')], lines, linesPerSecond: TRICKLE_LINES_PER_SECOND };
  await using writer = Program.start('programs/line-writer.ts', settings);
  await writer.next('ready');
  writer.send({ kind: 'go' });
  const { bytes } = await writer.next('written');
  return { bytes: Number(bytes), lines };
}

function key(part: 'log' | 'meta'): string {
  return `tailrace:{${TENANT}/${CHANNEL}}:${part}`;
}

async function memoryUsage(client: Redis): Promise<number> {
  const sizes = (await client.keys('*')).map((name) => client.call('MEMORY', 'USAGE', name, 'SAMPLES', '0'));
  return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + Number(size), 0);
}

async function usedMemory(client: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
}
