/** A file gets another channel, other labels or another format: each line is stored once, in one of the two ways. */
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { SILENT } from '../../shared/logger.js';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { LateWriter, MoodyWriter, PeremptoryWriter } from '../support/agent-move-writers.js';
import { settings } from '../support/agent-reload.js';
import { AgentStand, agentStand, asText, HOST, numbered, TENANT } from '../support/agent-stand.js';
import { ForgetfulWriter } from '../support/agent-writers.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

test('a file whose channel changes goes on in the new one, each line once and in order', async () => {
  const stand = await agentStand();
  expect(await channelsInTurn(stand)).toEqual(numbered(1, 2_000));
});

test('a reply lost at the change of a channel neither loses nor repeats a line', async () => {
  const stand = await agentStand();
  let appends = 0;
  const error = () => new Error('the reply was lost');
  const writer = new ForgetfulWriter(stand.writer, () => ++appends % 2 === 0, error);
  expect(await channelsInTurn(stand, writer)).toEqual(numbered(1, 2_000));
});

test('a change of channel that does not ask the store for the position repeats lines', async () => {
  const stand = await agentStand();
  const lines = await channelsInTurn(stand, new PeremptoryWriter(stand.writer));
  expect(lines.length).toBeGreaterThan(2_000);
});

/** Twenty reloads with the channels `a` and `b` in turn while lines are written; returns `a` and `b` together. */
async function channelsInTurn(stand: AgentStand, writer = stand.writer): Promise<string[]> {
  const to = (channel: string) => [{ include: [stand.path('*.log')], channel }];
  await writeFile(stand.path('app.log'), '');
  const agent = await stand.start({ sources: to('a'), writer });
  for (let round = 0; round < 20; round++) {
    const from = round * 100 + 1;
    await appendFile(stand.path('app.log'), asText(numbered(from, from + 49)));
    if (round % 3 > 0) await totalOnce(stand, from + 49);
    agent.reload(settings(to(round % 2 === 0 ? 'b' : 'a')));
    await appendFile(stand.path('app.log'), asText(numbered(from + 50, from + 99)));
  }
  await totalOnce(stand, 2_000);
  await agent.stop();
  return inOrder(stand);
}

async function totalOnce(stand: AgentStand, count: number): Promise<void> {
  await waitFor(`${count} lines`, async () => (await total(stand)).length >= count);
}

async function total(stand: AgentStand): Promise<string[]> {
  return [...(await stand.lines('a')), ...(await stand.lines('b'))];
}

/** The lines of both channels, put together by number; throws where one of them is out of order. */
async function inOrder(stand: AgentStand): Promise<string[]> {
  const numberOf = (line: string) => Number(line.split(' ')[1]);
  for (const channel of ['a', 'b']) {
    const numbers = (await stand.lines(channel)).map(numberOf);
    const unique = new Set(numbers).size === numbers.length;
    if (unique && numbers.some((number, at) => number < (numbers[at - 1] ?? 0)))
      throw new Error('out of order');
  }
  return (await total(stand)).sort((a, b) => numberOf(a) - numberOf(b));
}

test('a source that moved goes on where it is after a restart, and moves on by another configuration', async () => {
  const stand = await agentStand();
  const to = (channel: string) => [{ include: [stand.path('*.log')], channel }];
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const first = await stand.start({ sources: to('a') });
  await stand.linesOnce(10, 'a');
  first.reload(settings(to('b')));
  await appendFile(stand.path('app.log'), asText(numbered(11, 20)));
  await stand.linesOnce(10, 'b');
  await first.stop();
  await appendFile(stand.path('app.log'), asText(numbered(21, 30)));
  const second = await stand.start({ sources: to('b') });
  await stand.linesOnce(20, 'b');
  await second.stop();
  await appendFile(stand.path('app.log'), asText(numbered(31, 40)));
  const third = await stand.start({ sources: to('a') });
  expect(await stand.linesOnce(20, 'a')).toEqual([...numbered(1, 10), ...numbered(31, 40)]);
  await third.stop();
  await stand.start({ sources: to('a') });
  await appendFile(stand.path('app.log'), asText(numbered(41, 42)));
  expect(await stand.linesOnce(22, 'a')).toEqual([...numbered(1, 10), ...numbered(31, 42)]);
  expect(await stand.lines('b')).toEqual(numbered(11, 30));
});

test('batches that are under way at the change of a channel are not sent again', async () => {
  const stand = await agentStand();
  const writer = new LateWriter(stand.writer);
  const to = (channel: string) => [{ include: [stand.path('*.log')], channel }];
  // More than a lineage reads before it looks around: only then is something under way when it does.
  const written = numbered(1, 20_000).map((line) => line.padEnd(1_000, 'x'));
  await writeFile(stand.path('app.log'), asText(written));
  const agent = await stand.start({ sources: to('a'), writer });
  await waitFor('some lines', () => agent.stats().lines > 0);
  agent.reload(settings(to('b')));
  await waitFor('all lines', () => agent.stats().lines >= written.length);
  await agent.stop();
  const moved = await stand.lines('b');
  expect(moved.length).toBeGreaterThan(0);
  expect([...(await stand.lines('a')), ...moved]).toEqual(written);
});

test('a source that moves to and fro begins each time where the store has it', async () => {
  const stand = await agentStand();
  const writer = new MoodyWriter(stand.writer);
  const to = (channel: string) => [{ include: [stand.path('*.log')], channel }];
  const failureAfter = (count: number) => waitFor('an append to fail', () => writer.failed > count);
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ sources: to('a'), writer });
  await stand.linesOnce(10, 'a');
  // A turn that has begun before a reload ends as it began: what it sends must not be taken.
  writer.moods.set('a', 'refuses').set('b', 'refuses');
  agent.reload(settings(to('b')));
  await appendFile(stand.path('app.log'), asText(numbered(11, 20)));
  await failureAfter(0);
  agent.reload(settings(to('a')));
  writer.moods.set('a', 'forgets');
  await stand.linesOnce(20, 'a');
  agent.reload(settings(to('b')));
  writer.moods.set('a', 'refuses').set('b', 'takes');
  await appendFile(stand.path('app.log'), asText(numbered(21, 22)));
  expect(await stand.linesOnce(2, 'b')).toEqual(numbered(21, 22));
  expect(await stand.lines('a')).toEqual(numbered(1, 20));
});

test('other labels hold from the reload on, other limits of a line as well', async () => {
  const stand = await agentStand();
  const source = { include: [stand.path('*.log')] };
  await writeFile(stand.path('app.log'), 'before\n');
  const agent = await stand.start({ sources: [{ ...source, labels: { team: 'a' } }] });
  await stand.linesOnce(1);
  agent.reload(settings([{ ...source, labels: { team: 'b' }, max_line_bytes: 4 }]));
  await appendFile(stand.path('app.log'), 'afterwards\n');
  expect(await stand.linesOnce(2)).toEqual(['before', 'afte']);
  const id = { tenant: TENANT, channel: `${HOST}/app.log` };
  const { batches, sources } = await stand.reader.read(id, VOID_POSITION, 1_000_000);
  expect(batches.map(({ source: name }) => sources.get(name)?.labels)).toEqual([
    { team: 'a' },
    { team: 'b' },
  ]);
});

test('files rotate around reloads, and their unread rests arrive in order', async () => {
  const stand = await agentStand();
  const to = (channel: string) => [{ include: [stand.path('*.log')], channel }];
  await writeFile(stand.path('app.log'), '');
  const agent = await stand.start({ sources: to('a') });
  for (let round = 0; round < 10; round++) {
    const from = round * 100 + 1;
    await appendFile(stand.path('app.log'), asText(numbered(from, from + 99)));
    agent.reload(settings(to(round % 2 === 0 ? 'b' : 'a')));
    await rename(stand.path('app.log'), stand.path(`app.log.${20 - round}`));
    await writeFile(stand.path('app.log'), '');
  }
  await totalOnce(stand, 1_000);
  expect(await inOrder(stand)).toEqual(numbered(1, 1_000));
});

test('a reload while Redis is away holds once it is back', async () => {
  const { stand, redis } = await redisStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ sources: [{ include: [stand.path('*.log')], channel: 'a' }] });
  await stand.linesOnce(10, 'a');
  await redis.stop();
  await appendFile(stand.path('app.log'), asText(numbered(11, 20)));
  await waitFor('the agent to notice', () => agent.stats().storeAway);
  agent.reload(settings([{ include: [stand.path('*.log')], channel: 'b' }]));
  await appendFile(stand.path('app.log'), asText(numbered(21, 30)));
  await redis.start();
  expect(await stand.linesOnce(20, 'b')).toEqual(numbered(11, 30));
  expect(await stand.lines('a')).toEqual(numbered(1, 10));
});

test('a Redis that loses what was stored since a reload, or all, gets that again, once', async () => {
  const { stand, redis } = await redisStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ sources: [{ include: [stand.path('*.log')], channel: 'a' }] });
  await stand.linesOnce(10, 'a');
  agent.reload(settings([{ include: [stand.path('*.log')], channel: 'b' }]));
  await appendFile(stand.path('app.log'), asText(numbered(11, 30)));
  await stand.linesOnce(20, 'b');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  await client.del(await client.keys(`*{${TENANT}/b}*`));
  await appendFile(stand.path('app.log'), asText(numbered(31, 32)));
  expect(await stand.linesOnce(22, 'b')).toEqual(numbered(11, 32));
  await client.flushall();
  await appendFile(stand.path('app.log'), asText(numbered(33, 34)));
  expect(await stand.linesOnce(34, 'b')).toEqual(numbered(1, 34));
});

async function redisStand(): Promise<{ stand: AgentStand; redis: RedisServer }> {
  const redis = await startRedis();
  const options = { url: redis.url, logger: SILENT, deadlineMs: 1_000 };
  const writer = openRedisWriter({ ...options, retention: { bytes: 2 ** 30, ageMs: 2 ** 40 } });
  const reader = openRedisReader(options);
  onTestFinished(async () => {
    await writer.close();
    await reader.close();
    await redis[Symbol.asyncDispose]();
  });
  return { stand: new AgentStand(await temporaryDirectory(), { writer, reader }), redis };
}
