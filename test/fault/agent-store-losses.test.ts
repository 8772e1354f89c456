/**
 * Replies that are lost, and a Redis that loses what it had acknowledged: the agent sends again what the store
 * has not, and nothing else. With each protection switched off the same histories end with lines doubled or
 * missing.
 */
import { appendFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LogWriter } from '../../shared/store/log-store.js';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { AgentStand, asText, numbered } from '../support/agent-stand.js';
import { BlindWriter, TrustingWriter } from '../support/agent-writers.js';
import { announcedRandom } from '../support/fault-random.js';
import { operatorOf, type RedisStand, redisStand } from '../support/redis-agent-stand.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { startProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait.js';

const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 100);
const APPENDS = ROUNDS * 10;
const FILES = Array.from({ length: 10 }, (_, index) => `f${index}.log`);
const LONG_MS = 120_000 + ROUNDS * 1_000;

/** Ten files grow a line at a time while replies are lost; returns each file's lines, and how many there are. */
async function loseReplies(redis: RedisStand, appends: number, share: number, writer: LogWriter) {
  const random = announcedRandom('lost replies');
  const { stand, proxy } = redis;
  for (const name of FILES) await writeFile(stand.path(name), '');
  const agent = await stand.start({ writer });
  let written = 0;
  let lost = 0;
  while (agent.stats().readBatches < appends) {
    written++;
    for (const name of FILES) await appendFile(stand.path(name), asText(numbered(written, written)));
    if (random.next() < share) {
      proxy.loseNextReply();
      lost++;
    }
    await waitFor(
      'the agent to have read it',
      () => agent.stats().readBatches >= Math.min(appends, written),
      {
        everyMs: 1,
      },
    );
  }
  const lines = await Promise.all(FILES.map((name) => stand.linesOnce(written, `web/${name}`)));
  return { lines, written, lost };
}

test(
  `replies lost at random over ${APPENDS} appends neither lose nor double a line`,
  async () => {
    const redis = await redisStand({ isProxied: true });
    const { lines, written, lost } = await loseReplies(redis, APPENDS, 0.05, redis.stand.writer);
    for (const found of lines) expect(found).toEqual(numbered(1, written));
    expect(lost).toBeGreaterThan(0);
  },
  LONG_MS,
);

test('an agent that does not ask what became of its batches doubles them when replies are lost', async () => {
  const redis = await redisStand({ isProxied: true });
  const writer = new BlindWriter(new TrustingWriter(redis.stand.writer));
  const { lines, written } = await loseReplies(redis, 500, 0.5, writer);
  expect(lines.flat().length).toBeGreaterThan(FILES.length * written);
});

/** What a power cut takes that fsync had not reached yet. */
async function loseEndOfLog(server: RedisServer, bytes: number): Promise<void> {
  await server.kill();
  const file = join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  await truncate(file, (await stat(file)).size - bytes);
  await server.start();
}

/** Lines in a file, in its rotated predecessor and in one that stays quiet; all of them lose their last ones. */
async function cutLog({ stand, redis }: RedisStand, writer: LogWriter): Promise<() => Promise<string[]>> {
  await writeFile(stand.path('quiet.log'), asText(numbered(1, 50)));
  await writeFile(stand.path('app.log'), asText(numbered(1, 100)));
  await stand.start({ writer, timings: { trimMs: 50 } });
  await stand.linesOnce(100);
  await stand.linesOnce(50, 'web/quiet.log');
  await appendFile(stand.path('quiet.log'), asText(numbered(51, 60)));
  await appendFile(stand.path('app.log'), asText(numbered(101, 200)));
  await stand.linesOnce(200);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), asText(numbered(201, 300)));
  await stand.linesOnce(300);
  await stand.linesOnce(60, 'web/quiet.log');
  await loseEndOfLog(redis, 1_500);
  await waitFor('the reader', () => stand.lines().catch(() => false as const));
  expect((await stand.lines()).length).toBeLessThan(300);
  return () => stand.linesOnce(300);
}

const ALWAYS = { settings: ['--appendfsync', 'always'] };

test('a Redis that comes back without the end of its log gets it again, once, also of files at rest', async () => {
  const redis = await redisStand(ALWAYS);
  const { stand } = redis;
  const lines = await cutLog(redis, stand.writer);
  expect(await lines()).toEqual(numbered(1, 300));
  expect(await stand.linesOnce(60, 'web/quiet.log')).toEqual(numbered(1, 60));
  await appendFile(stand.path('app.log'), asText(numbered(301, 310)));
  expect(await stand.linesOnce(310)).toEqual(numbered(1, 310));
  await stand.noticeOnce(
    /the store lost lines of \d+ sources that it had acknowledged; what is still on disk/,
  );
});

test('an agent that believes what was acknowledged leaves those lines out for ever', async () => {
  const redis = await redisStand(ALWAYS);
  const { stand } = redis;
  const writer = new TrustingWriter(stand.writer);
  await cutLog(redis, writer);
  await appendFile(stand.path('app.log'), asText(numbered(301, 310)));
  await waitFor('many tries', () => writer.conflicts > 20);
  expect((await stand.lines()).length).toBeLessThan(300);
});

interface Pair {
  readonly redis: RedisStand;
  /** What the replica holds. */
  readonly replica: AgentStand;
  /** Nothing that is acknowledged from now on reaches the replica. */
  pauseReplication(): void;
  /** The replica is the primary, and the agent's address leads to it. */
  failOver(): Promise<void>;
}

async function primaryAndReplica(): Promise<Pair> {
  const settings = ['--repl-diskless-sync-delay', '0'];
  const redis = await redisStand({ settings, isProxied: true });
  const replication = await startProxy(redis.redis.port);
  const second = await startRedis({ settings: ['--replicaof', `127.0.0.1 ${replication.port}`] });
  const operator = operatorOf(second.port);
  const reader = openRedisReader({ url: second.url });
  onTestFinished(async () => {
    await reader.close();
    operator.disconnect();
    await replication[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });
  await waitFor('the replica to follow', async () =>
    (await operator.info('replication')).includes('master_link_status:up'),
  );
  const { directory, writer } = redis.stand;
  return {
    redis,
    replica: new AgentStand(directory, { writer, reader }),
    pauseReplication: () => replication.fallSilent(),
    failOver: async () => {
      await operator.replicaof('NO', 'ONE');
      redis.proxy.switchTo(second.port);
    },
  };
}

async function failOverBehindItsBack(pair: Pair, writer: LogWriter): Promise<void> {
  const { redis, replica } = pair;
  const { stand } = redis;
  await writeFile(stand.path('app.log'), asText(numbered(1, 100)));
  await stand.start({ writer });
  await replica.linesOnce(100);
  pair.pauseReplication();
  for (let round = 1; round <= 5; round++) {
    await appendFile(stand.path('app.log'), asText(numbered(100 + 20 * round - 19, 100 + 20 * round)));
    await stand.linesOnce(100 + 20 * round);
  }
  await pair.failOver();
  expect((await replica.lines()).length).toBeLessThan(200);
  await appendFile(stand.path('app.log'), asText(numbered(201, 250)));
}

test('a failover that loses acknowledged lines gets them again, once', async () => {
  const pair = await primaryAndReplica();
  await failOverBehindItsBack(pair, pair.redis.stand.writer);
  expect(await pair.replica.linesOnce(250)).toEqual(numbered(1, 250));
});

test('an agent that believes what was acknowledged does not get over a failover', async () => {
  const pair = await primaryAndReplica();
  const writer = new TrustingWriter(pair.redis.stand.writer);
  await failOverBehindItsBack(pair, writer);
  await waitFor('many tries', () => writer.conflicts > 20);
  expect((await pair.replica.lines()).length).toBeLessThan(200);
});
