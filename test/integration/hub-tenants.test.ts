/** Tenants never meet: nothing of one reaches a client of another, not even by the way it is refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogReader } from '../../shared/store/log-store.js';
import { startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (options: Partial<Parameters<typeof startHubRig>[0]> = {}) =>
  startHubRig({ redisUrl: redis.url, ...options });

test('a pattern shows the channels of its own tenant alone, those that appear later included', async () => {
  const rig = await start();
  const other = `${rig.tenant}-other`;
  await rig.append('web', ['mine 1']);
  await rig.append('web', ['theirs 1'], { tenant: other });
  await rig.append('secret', ['theirs 2'], { tenant: other });
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: '**', from: 'start' });
  await client.next('caught_up', '**');
  await rig.append('later', ['theirs 3'], { tenant: other });
  await rig.append('web', ['theirs 4'], { tenant: other });
  await rig.append('later', ['mine 2']);
  expect((await client.next('lines', 'web')).lines).toEqual(['mine 1']);
  expect((await client.next('lines', 'later')).lines).toEqual(['mine 2']);
  await client.settle();
  expect(JSON.stringify(client.queue)).not.toMatch(/theirs|secret/);
});

test('channels of one name in two tenants are two channels', async () => {
  const rig = await start();
  const other = `${rig.tenant}-other`;
  const mine = await rig.client();
  const theirs = await rig.client({ token: rig.token({ tenant: other }) });
  for (const client of [mine, theirs]) {
    client.send({ type: 'subscribe', channel: 'web' });
    await client.next('caught_up');
  }
  await rig.append('web', ['theirs'], { tenant: other });
  await rig.append('web', ['mine']);
  expect(await mine.next('lines')).toMatchObject({ seq: 1, lines: ['mine'] });
  expect(await theirs.next('lines')).toMatchObject({ seq: 1, lines: ['theirs'] });
});

test('a cursor of another tenant tells nothing of its channel', async () => {
  const rig = await start();
  const other = `${rig.tenant}-other`;
  await rig.append('web', ['theirs 1', 'theirs 2'], { tenant: other });
  await rig.append('web', ['mine 1']);
  const theirs = await rig.client({ token: rig.token({ tenant: other }) });
  theirs.send({ type: 'subscribe', channel: 'web', from: 'start' });
  const { cursor } = await theirs.next('lines');
  const mine = await rig.client();
  mine.send({ type: 'subscribe', channel: 'web', from: { cursor } });
  expect(await mine.next('gap')).toMatchObject({ reason: 'recreated', from: null, to: null, seq: 1 });
  expect(await mine.next('lines')).toMatchObject({ seq: 1, lines: ['mine 1'] });
});

test('a refusal is the same whether the channel exists or not, and asks the store nothing', async () => {
  let calls = 0;
  const counting = (reader: LogReader) =>
    new Proxy(reader, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (['read', 'heads', 'locate', 'channels', 'watchChannel', 'watchTenant'].includes(String(name))) {
            calls += 1;
          }
          return Reflect.apply(value, target, args);
        };
      },
    });
  const rig = await start({ wrapReader: counting });
  await rig.append('exists', ['secret']);
  const client = await rig.client({ token: rig.token({ subscribe: ['public/*'] }) });
  const answers = [];
  for (const channel of ['exists', 'not-here', 'exists*', '*-here']) {
    client.send({ type: 'subscribe', channel, from: { tail: 5 } });
    const { channel: named, ...answer } = await client.next('error');
    expect(named).toBe(channel);
    answers.push(answer);
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toMatchObject({ code: 'forbidden', retryable: false });
  expect(calls).toBe(0);
  // The control: a granted channel does ask the store.
  client.send({ type: 'subscribe', channel: 'public/a' });
  await client.next('caught_up');
  expect(calls).toBeGreaterThan(0);
});

test('a pattern wider than the grant delivers what both match', async () => {
  const rig = await start();
  for (const channel of ['web/a', 'web/b', 'db']) await rig.append(channel, [channel]);
  const client = await rig.client({ token: rig.token({ subscribe: ['*/a', 'd*'] }) });
  client.send({ type: 'subscribe', channel: '**', from: 'start' });
  await client.next('caught_up', '**');
  await rig.append('web/b', ['more']);
  await rig.append('web/c', ['more']);
  await rig.append('db', ['last']);
  expect((await client.linesUntil('db', 'last')).lines).toEqual(['db', 'last']);
  expect((await client.next('lines', 'web/a')).lines).toEqual(['web/a']);
  await client.settle();
  expect(JSON.stringify(client.queue)).not.toMatch(/web\/[bc]/);
});

test('the metrics name no tenant and no channel', async () => {
  const rig = await start();
  await rig.append('very-private', ['x']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'very-private', from: 'start' });
  await client.next('lines');
  const text = await (await rig.http('/metrics')).text();
  expect(text).toContain('tailrace_hub_delivered_lines_total 1');
  expect(text).not.toContain(rig.tenant);
  expect(text).not.toContain('very-private');
});
