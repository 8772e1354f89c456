/**
 * How long from write(2) to message, through agent, Redis, hub and client? A writer writes 1,000 lines a
 * second, each with the time in it; the client SDK takes the time again when it has the line.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startRedis } from '../../test/support/redis-server.js';
import { startAgent, startHub } from '../harness/product.js';
import { type Message, Program } from '../harness/program.js';
import { type Answer, at, type Bar, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';

const CHANNEL = 'access';
const LINES_PER_SECOND = 1_000;

export async function latency(bench: Bench): Promise<Answer[]> {
  const runs: Message[] = [];
  for (let run = 1; run <= at(bench, { full: 3, quick: 1, smoke: 1 }); run += 1) {
    bench.note(`latency: run ${run}, ${LINES_PER_SECOND} lines/s`);
    runs.push(await timeLines(bench, join(bench.directory, `latency-${run}`)));
  }
  return [
    answer('p50', runs, { value: 5, better: 'lower' }),
    answer('p90', runs),
    answer('p99', runs, { value: 25, better: 'lower' }),
    {
      ...answer('max', runs),
      details: { 'messages a run': median(runs.map((run) => Number(run['messages']))) },
    },
  ];
}

function answer(measure: string, runs: readonly Message[], bar?: Bar): Answer {
  const figures = runs.map((run) => Number(run[measure]));
  const base = { question: 'latency', measure: `${measure}, write(2) to message`, unit: 'ms', runs: figures };
  return bar === undefined ? base : { ...base, bar };
}

async function timeLines(bench: Bench, watched: string): Promise<Message> {
  const warmUpLines = at(bench, { full: 2_000, quick: 1_000, smoke: 100 });
  const lines = at(bench, { full: 8_000, quick: 3_000, smoke: 400 });
  await mkdir(watched);
  await using redis = await startRedis();
  await using hub = await startHub(bench, redis.url);
  await using _agent = await startAgent(bench, { redisUrl: redis.url, include: watched, channel: CHANNEL });
  await using subscriber = Program.start('programs/timing-subscriber.ts', {
    dist: bench.dist,
    port: hub.port,
    token: hub.token,
    channel: CHANNEL,
    warmUpLines,
    lines,
  });
  await using writer = Program.start('programs/line-writer.ts', {
    files: [join(watched, 'access.log')],
    lines: warmUpLines + lines,
    linesPerSecond: LINES_PER_SECOND,
  });
  await Promise.all([subscriber.next('ready'), writer.next('ready')]);
  writer.send({ kind: 'go' });
  return await subscriber.next('done');
}
