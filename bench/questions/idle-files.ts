/**
 * What does an agent take on a host with 10,000 files that nobody writes to? Once after it has read them, and
 * once after a restart, when the store knows them all. The clock of the watch starts when the agent has come to rest.
 */
import { join } from 'node:path';
import { startRedis } from '../../test/support/redis-server.js';
import { peakResidentBytes } from '../harness/processes.js';
import { startAgent } from '../harness/product.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { CHANNEL_TEMPLATE, channelOf, type QuietFiles, writeQuietFiles } from '../harness/quiet-files.js';
import { type Resting, watchAtRest } from '../harness/rest.js';
import { openReader, storedLines } from '../harness/stored-lines.js';

interface Measured extends Resting {
  /** The most that was resident at any time, also at the start. */
  readonly peakBytes: number;
}

const LOOK_EVERY_MS = 500;
const MEBIBYTE = 1024 * 1024;
const BAR_PERCENT = { value: 2, better: 'lower' } as const;
const BAR_MEBIBYTES = { value: 100, better: 'lower' } as const;

export async function idleFiles(bench: Bench): Promise<Answer[]> {
  const count = at(bench, { full: 10_000, quick: 10_000, smoke: 50 });
  const files = await writeQuietFiles(join(bench.directory, 'idle-files'), count);
  await using redis = await startRedis();
  bench.note(`idle-files: ${count} files, fresh start`);
  const fresh = await measure(bench, redis.url, files);
  bench.note(`idle-files: ${count} files, restart`);
  const again = await measure(bench, redis.url, files);
  return [...answers('fresh start', fresh, count), ...answers('restart', again, count)];
}

function answers(start: string, { coreShare, residentBytes, peakBytes }: Measured, files: number): Answer[] {
  const question = 'idle-files';
  const percent = { runs: [100 * coreShare], unit: '% of a core', bar: BAR_PERCENT };
  const mebibytes = { runs: [residentBytes / MEBIBYTE], unit: 'MiB resident', bar: BAR_MEBIBYTES };
  return [
    { question, measure: `${start}, processor`, ...percent },
    {
      ...{ question, measure: `${start}, memory`, ...mebibytes },
      details: { files, 'MiB at the most, at the start too': peakBytes / MEBIBYTE },
    },
  ];
}

async function measure(
  bench: Bench,
  redisUrl: string,
  { include, paths, lines }: QuietFiles,
): Promise<Measured> {
  await using agent = await startAgent(bench, { redisUrl, include, channel: CHANNEL_TEMPLATE });
  const reader = await openReader(bench, redisUrl);
  await storedLines(reader, { channels: paths.map(channelOf), lines, lookEveryMs: LOOK_EVERY_MS });
  await reader.close();
  const resting = await watchAtRest(bench, agent.pid, at(bench, { full: 90, quick: 20, smoke: 1 }));
  return { ...resting, peakBytes: peakResidentBytes(agent.pid) };
}
