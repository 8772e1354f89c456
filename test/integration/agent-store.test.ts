/** The agent and a store that is away, slow, forgetful or shared: nothing lost, nothing twice. */
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import { type AgentStand, agentStand, asText, numbered } from '../support/agent-stand.js';
import { BlindWriter, ForgetfulWriter, HeldWriter } from '../support/agent-writers.js';
import { redisStand } from '../support/redis-agent-stand.js';
import { waitFor } from '../support/wait.js';

test('files rotate while Redis is away, and everything arrives in order when it is back', async () => {
  const { stand, redis } = await redisStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 100)));
  const agent = await stand.start();
  await stand.linesOnce(100);
  await redis.stop();
  for (let round = 1; round <= 3; round++) {
    await appendFile(stand.path('app.log'), asText(numbered(100 * round + 1, 100 * round + 100)));
    await waitFor('the agent to notice', () => agent.stats().storeAway);
    for (const [from, to] of [
      ['app.log.2', 'app.log.3'],
      ['app.log.1', 'app.log.2'],
      ['app.log', 'app.log.1'],
    ] as const)
      await rename(stand.path(from), stand.path(to)).catch(() => {});
  }
  await writeFile(stand.path('app.log'), asText(numbered(401, 500)));
  await redis.start();
  expect(await stand.linesOnce(500)).toEqual(numbered(1, 500));
  const about = (text: string) => stand.notices.filter(({ message }) => message.includes(text));
  expect(about('until the store is back')).toHaveLength(1);
  expect(about('the store is back; sending goes on')).toHaveLength(1);
});

test('an agent that starts while Redis is away waits for it', async () => {
  const { stand, redis } = await redisStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  await redis.stop();
  await stand.start();
  await stand.noticeOnce(/nothing is sent until the store is back/);
  await redis.start();
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
});

test('Redis loses everything: what is still on disk is appended again, once', async () => {
  const { stand, client } = await redisStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  await writeFile(stand.path('quiet.log'), 'quiet\n');
  await stand.start({ timings: { trimMs: 50 } });
  await stand.linesOnce(10);
  await stand.linesOnce(1, 'web/quiet.log');
  await client.flushall();
  await appendFile(stand.path('app.log'), asText(numbered(11, 12)));
  expect(await stand.linesOnce(12)).toEqual(numbered(1, 12));
  expect(await stand.linesOnce(1, 'web/quiet.log')).toEqual(['quiet']);
});

async function runTwoAgents(stand: AgentStand, blind: boolean): Promise<string[]> {
  const last = 60_000;
  await writeFile(stand.path('app.log'), asText(numbered(1, last / 2)));
  const writerOf = () => (blind ? new BlindWriter(stand.writer) : stand.writer);
  const agents = await Promise.all([
    stand.start({ writer: writerOf() }),
    stand.start({ writer: writerOf() }),
  ]);
  for (let from = last / 2 + 1; from < last; from += 100) {
    await appendFile(stand.path('app.log'), asText(numbered(from, from + 99)));
  }
  await stand.linesOnce(last);
  await Promise.all(agents.map((agent) => agent.stop()));
  return stand.lines();
}

test('two agents on one file append every line once', async () => {
  const stand = await agentStand();
  expect(await runTwoAgents(stand, false)).toEqual(numbered(1, 60_000));
});

test('without the compare of positions two agents append lines twice', async () => {
  const stand = await agentStand();
  expect((await runTwoAgents(stand, true)).length).toBeGreaterThan(60_000);
});

async function runWithLostReplies(stand: AgentStand, blind: boolean): Promise<string[]> {
  const inner = blind ? new BlindWriter(stand.writer) : stand.writer;
  let appends = 0;
  const writer = new ForgetfulWriter(
    inner,
    () => ++appends % 3 === 0,
    () => new StoreError('unavailable', 'the reply was lost', { retryable: true }),
  );
  await writeFile(stand.path('app.log'), '');
  await stand.start({ writer });
  for (let from = 1; from < 3_000; from += 100) {
    await appendFile(stand.path('app.log'), asText(numbered(from, from + 99)));
    await stand.linesOnce(from + 99);
  }
  return stand.lines();
}

test('a lost reply neither loses nor repeats a line', async () => {
  expect(await runWithLostReplies(await agentStand(), false)).toEqual(numbered(1, 3_000));
});

test('stop appends what was read, and the next start goes on right there', async () => {
  const stand = await agentStand();
  const last = 300_000;
  await writeFile(stand.path('app.log'), asText(numbered(1, last)));
  for (let round = 0; round < 3; round++) {
    const writer = new HeldWriter(stand.writer);
    const agent = await stand.start({ writer });
    await writer.firstAppend;
    const stopped = agent.stop();
    writer.letGo();
    await stopped;
  }
  const before = await stand.lines();
  expect(before.length).toBeGreaterThan(0);
  expect(before).toEqual(numbered(1, before.length));
  await stand.start();
  expect(await stand.linesOnce(last)).toEqual(numbered(1, last));
  expect(stand.notices.filter(({ message }) => message.includes('not appended'))).toEqual([]);
});

test('stop does not wait for ever, and says that something is left', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ writer, timings: { stopMs: 50 } });
  await writer.firstAppend;
  await agent.stop();
  await stand.noticeOnce(/stopped before everything was appended/);
  writer.letGo();
  await stand.start();
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
});

test('at most a bounded number of batches is read ahead of a store that does not answer', async () => {
  const stand = await agentStand();
  const names = Array.from({ length: 12 }, (_, index) => `f${index}.log`);
  const text = asText(numbered(1, 100_000));
  for (const name of names) await writeFile(stand.path(name), text);
  const writer = new HeldWriter(stand.writer);
  await stand.start({ writer });
  await writer.firstAppend;
  await waitFor('the window to fill', () => writer.held >= 32);
  expect(writer.held).toBe(32);
  writer.letGo();
  await Promise.all(names.map((name) => stand.linesOnce(100_000, `web/${name}`)));
});
