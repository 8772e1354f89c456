/**
 * Takes the time from write(2) until a line is in Redis, for lines that begin with the clock of their writer: it
 * waits at the streams themselves, so that the way of the entry to this process is counted as well.
 */
import { Redis } from 'ioredis';
import type { checkedJson } from '../../shared/store/payload.js';
import { built, say, settings } from '../harness/inside.js';
import { percentile } from '../harness/statistics.js';

export interface TimingReaderSettings {
  readonly dist: string;
  readonly redisUrl: string;
  readonly streamKeys: readonly string[];
  /** In all streams together. */
  readonly lines: number;
}

type Entry = [id: Buffer, fields: Buffer[]];

const BLOCK_MS = 1_000;
const LAST = '$';

const { dist, redisUrl, streamKeys, lines } = settings<TimingReaderSettings>();
const { checkedJson: decode } = await built<{ checkedJson: typeof checkedJson }>(
  dist,
  'shared/store/payload.js',
);
const redis = new Redis(redisUrl);
const after = new Map<string, string>();
const lagsMs = new Float64Array(lines);
let received = 0;

for (const key of streamKeys) after.set(key, await lastEntry(key));
say('ready');
while (received < lines) await readSome();
const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(lagsMs, share));
say('done', { p50, p99, max });

async function lastEntry(key: string): Promise<string> {
  const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
  return last?.[0] ?? LAST;
}

async function readSome(): Promise<void> {
  const ids = streamKeys.map((key) => after.get(key) as string);
  const reply = await redis.xreadBuffer('BLOCK', BLOCK_MS, 'STREAMS', ...streamKeys, ...ids);
  const now = process.hrtime.bigint();
  for (const [key, entries] of (reply ?? []) as [Buffer, Entry[]][]) {
    for (const [id, fields] of entries) {
      after.set(key.toString(), id.toString());
      for (const line of linesOf(fields)) take(line, now);
    }
  }
}

function linesOf(fields: readonly Buffer[]): string[] {
  const field = (name: string) => fields[fields.findIndex((one) => one.toString() === name) + 1] as Buffer;
  const encoding = field('e').toString() === 'json' ? 'json' : 'deflate';
  return JSON.parse(decode(encoding, field('p'), Number(field('n'))).toString('utf8')) as string[];
}

function take(line: string, now: bigint): void {
  if (received === lines) throw new Error(`a line came beyond the ${lines} that were written`);
  lagsMs[received] = Number(now - BigInt(line.slice(0, line.indexOf(' ')))) / 1e6;
  received += 1;
}
