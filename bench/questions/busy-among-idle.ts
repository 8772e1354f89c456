/**
 * How long do the lines of 10 busy files wait among 10,000 that nobody writes to? From write(2) until they are in
 * Redis. The agent rests before, so that the first lines of the busy files, which it holds no handle of, count too.
 */
import { join } from 'node:path';
import { startRedis } from '../../test/support/redis-server.js';
import { startAgent, TENANT } from '../harness/product.js';
import { type Message, Program } from '../harness/program.js';
import { type Answer, at, type Bar, type Bench } from '../harness/question.js';
import { CHANNEL_TEMPLATE, channelOf, writeQuietFiles } from '../harness/quiet-files.js';
import { untilAtRest } from '../harness/rest.js';
import { openReader, storedLines } from '../harness/stored-lines.js';

const BUSY_FILES = 10;
const LINES_PER_SECOND = 1_000;
const LOOK_EVERY_MS = 500;
const BAR: Bar = { value: 1_000, better: 'lower' };

export async function busyAmongIdle(bench: Bench): Promise<Answer[]> {
  const count = at(bench, { full: 10_000, quick: 10_000, smoke: 50 });
  bench.note(`busy-among-idle: ${BUSY_FILES} busy files of ${count}, ${LINES_PER_SECOND} lines/s`);
  const lags = await measure(bench, count);
  return [answer('p50', lags, count), answer('p99', lags, count, BAR), answer('max', lags, count, BAR)];
}

function answer(measureName: string, lags: Message, files: number, bar?: Bar): Answer {
  return {
    ...{ question: 'busy-among-idle', measure: `${measureName}, write(2) to Redis`, unit: 'ms' },
    runs: [Number(lags[measureName])],
    ...(bar === undefined ? {} : { bar }),
    details: { files, 'busy files': BUSY_FILES, 'lines/s': LINES_PER_SECOND },
  };
}

async function measure(bench: Bench, count: number): Promise<Message> {
  const { include, paths, lines } = await writeQuietFiles(join(bench.directory, 'busy-among-idle'), count);
  await using redis = await startRedis();
  await using agent = await startAgent(bench, { redisUrl: redis.url, include, channel: CHANNEL_TEMPLATE });
  const reader = await openReader(bench, redis.url);
  await storedLines(reader, { channels: paths.map(channelOf), lines, lookEveryMs: LOOK_EVERY_MS });
  await reader.close();
  await untilAtRest(bench, agent.pid);
  const busy = paths.filter((_, index) => index % (count / BUSY_FILES) === 0);
  const busyLines = at(bench, { full: 30_000, quick: 5_000, smoke: 300 });
  const streamKeys = busy.map((path) => `tailrace:{${TENANT}/${channelOf(path)}}:log`);
  await using timing = Program.start('programs/timing-reader.ts', {
    ...{ dist: bench.dist, redisUrl: redis.url, streamKeys, lines: busyLines },
  });
  await using writer = Program.start('programs/line-writer.ts', {
    ...{ files: busy, lines: busyLines, linesPerSecond: LINES_PER_SECOND },
  });
  await Promise.all([timing.next('ready'), writer.next('ready')]);
  writer.send({ kind: 'go' });
  return await timing.next('done');
}
