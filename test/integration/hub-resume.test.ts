/** From the store to a client without a hole: every way to start, and every way that a history can break. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { From } from '../../shared/protocol/messages.js';
import { connectHub } from '../support/hub-client.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (options: Partial<Parameters<typeof startHubRig>[0]> = {}) =>
  startHubRig({ redisUrl: redis.url, ...options });

async function subscribed(rig: HubRig, from: From | undefined, channel = 'web') {
  const client = await rig.client();
  client.send({ type: 'subscribe', channel, ...(from === undefined ? {} : { from }) });
  const { cursor } = await client.next('subscribed', channel);
  return { client, cursor };
}

test('a client gets the lines that are appended after it subscribed, with seq, source and cursor', async () => {
  const rig = await start();
  await rig.append('web', ['before']);
  const { client, cursor } = await subscribed(rig, undefined);
  expect(await client.next('caught_up', 'web')).toMatchObject({ cursor });
  await rig.append('web', ['one', 'two']);
  expect(await client.next('lines')).toMatchObject({
    channel: 'web',
    seq: 2,
    lines: ['one', 'two'],
    source: { id: 's1', host: 'h1', path: '/var/log/x', labels: { env: 'test' } },
  });
});

test('clients with and without permessage-deflate, or with a small window, get the same lines', async () => {
  const rig = await start();
  const lines = numbered('a line that repeats itself, number ', 2_000);
  await rig.append('web', lines);
  for (const deflate of [true, false, { serverMaxWindowBits: 10 }]) {
    const client = await rig.client({ deflate });
    client.send({ type: 'subscribe', channel: 'web', from: 'start' });
    expect((await client.next('lines')).lines).toEqual(lines);
  }
});

test('many thousand lines come in order, from the first to the live ones', async () => {
  const rig = await start({ limits: { pageBytesMax: 2_000, ringBytesMax: 20_000 } });
  for (let batch = 0; batch < 100; batch += 1)
    await rig.append('web', numbered('line ', 100, batch * 100 + 1));
  const { client } = await subscribed(rig, 'start');
  for (let batch = 100; batch < 120; batch += 1)
    await rig.append('web', numbered('line ', 100, batch * 100 + 1));
  const { seqs, lines } = await client.linesUntil('web', 'line 12000');
  expect(lines).toEqual(numbered('line ', 12_000));
  expect(seqs).toEqual(Array.from({ length: 12_000 }, (_, index) => index + 1));
});

test('a client that alternates between two hubs by one cursor sees one contiguous sequence', async () => {
  const [first, second] = [await start(), await start()];
  for (let batch = 0; batch < 20; batch += 1)
    await first.append('web', numbered('line ', 50, batch * 50 + 1));
  let cursor: string | undefined;
  const got: string[] = [];
  for (let round = 0; got.length < 1_000; round += 1) {
    const client = await connectHub((round % 2 === 0 ? first : second).url, { token: first.token() });
    client.send({ type: 'subscribe', channel: 'web', from: cursor === undefined ? 'start' : { cursor } });
    const message = await client.next('lines');
    expect(message.seq).toBe(got.length + 1);
    got.push(...message.lines);
    cursor = message.cursor;
    await client.close();
  }
  expect(got).toEqual(numbered('line ', 1_000));
});

describe('a subscription starts', () => {
  test('at the last n lines, also in the middle of a batch', async () => {
    const rig = await start();
    await rig.append('web', numbered('', 10));
    await rig.append('web', numbered('', 10, 11));
    const { client } = await subscribed(rig, { tail: 13 });
    expect((await client.linesUntil('web', '20')).lines).toEqual(numbered('', 13, 8));
    const none = await subscribed(rig, { tail: 0 });
    await none.client.next('caught_up', 'web');
    expect(none.client.queue).toEqual([]);
  });

  test('at a time, given in milliseconds or as a date', async () => {
    const rig = await start();
    await rig.append('web', ['early']);
    await sleep(5);
    const { client } = await subscribed(rig, 'now');
    await rig.append('web', ['late']);
    const { at } = await client.next('lines');
    for (const since of [at, new Date(at).toISOString()]) {
      const again = await subscribed(rig, { since });
      expect((await again.client.next('lines')).lines).toEqual(['late']);
    }
  });

  test('before the first line of a channel that nobody wrote to yet', async () => {
    const rig = await start();
    const { client } = await subscribed(rig, 'now', 'future');
    await client.next('caught_up', 'future');
    await rig.append('future', ['first']);
    expect(await client.next('lines')).toMatchObject({ seq: 1, lines: ['first'] });
  });

  test('inside a batch where the cursor says so', async () => {
    const rig = await start();
    await rig.append('web', numbered('', 10));
    const { client, cursor = '' } = await subscribed(rig, { tail: 4 });
    await client.close();
    const again = await subscribed(rig, { cursor });
    expect(await again.client.next('lines')).toMatchObject({ seq: 7, lines: numbered('', 4, 7) });
  });
});

describe('a gap tells', () => {
  test('how many lines were trimmed before the client came back', async () => {
    // A ring that holds no frame: else the hub would still have what the store trimmed, and deliver it.
    const rig = await start({ retentionBytes: 3_000, limits: { ringBytesMax: 1 } });
    await rig.append('web', ['first']);
    const { client, cursor = '' } = await subscribed(rig, 'now');
    await client.close();
    for (let batch = 0; batch < 40; batch += 1) await rig.append('web', numbered(`${batch} `, 20));
    const { client: again } = await subscribed(rig, { cursor });
    const gap = await again.next('gap');
    const lines = await again.next('lines');
    expect(gap).toMatchObject({ channel: 'web', reason: 'trimmed', from: 2, seq: lines.seq });
    expect(gap.lines).toBe(lines.seq - 2);
    expect(gap.to).toBe(lines.seq - 1);
  });

  test('that the history was replaced, to a client that waits and to one that comes back', async () => {
    const own = await startRedis();
    onTestFinished(() => own[Symbol.asyncDispose]());
    const rig = await startHubRig({ redisUrl: own.url, timeouts: { sweepIntervalMs: 50 } });
    await rig.append('web', numbered('', 5));
    const { client, cursor = '' } = await subscribed(rig, 'now');
    await client.next('caught_up');
    const direct = new Redis(own.url);
    onTestFinished(() => void direct.disconnect());
    await direct.flushall();
    expect(await client.next('gap')).toMatchObject({ reason: 'recreated', from: null, lines: null, seq: 1 });
    rig.forgetSources();
    await rig.append('web', ['new 1']);
    expect(await client.next('lines')).toMatchObject({ seq: 1, lines: ['new 1'] });
    const { client: again } = await subscribed(rig, { cursor });
    expect(await again.next('gap')).toMatchObject({ reason: 'recreated', seq: 1 });
    expect(await again.next('lines')).toMatchObject({ seq: 1, lines: ['new 1'] });
  });

  test('which numbers come again after the store went back, to a client that waits', async () => {
    const rig = await start({ timeouts: { sweepIntervalMs: 50 } });
    await rig.append('web', numbered('', 5));
    const before = await rig.snapshot('web', redis.url);
    await rig.append('web', ['lost 6', 'lost 7']);
    const { client } = await subscribed(rig, { tail: 1 });
    expect(await client.next('lines')).toMatchObject({ seq: 7, lines: ['lost 7'] });
    await before.restore();
    expect(await client.next('gap')).toMatchObject({ reason: 'rewound', from: 6, to: 7, lines: 2, seq: 6 });
    rig.forgetSources();
    await rig.append('web', ['again 6']);
    expect(await client.next('lines')).toMatchObject({ seq: 6, lines: ['again 6'] });
  });

  test('which lines cannot be read, to everybody, and the lines after them follow', async () => {
    const rig = await start();
    await rig.append('web', ['good']);
    const { client: waiting } = await subscribed(rig, 'now');
    await rig.appendPayload('web', 3, { encoding: 'json', payload: Buffer.from('["a",7,"b"]') });
    await rig.append('web', ['good again']);
    const { client: behind } = await subscribed(rig, 'start');
    expect(await behind.next('lines')).toMatchObject({ seq: 1 });
    for (const client of [waiting, behind]) {
      expect(await client.next('gap')).toMatchObject({
        reason: 'unreadable',
        from: 2,
        to: 4,
        lines: 3,
        seq: 5,
      });
      expect(await client.next('lines')).toMatchObject({ seq: 5, lines: ['good again'] });
    }
  });

  test('nothing it should not: a cursor of elsewhere is a replaced history', async () => {
    const rig = await start();
    await rig.append('web', ['one']);
    const { client } = await subscribed(rig, { cursor: '1.elsewhere.99999999999999-0.77' });
    expect(await client.next('gap')).toMatchObject({ reason: 'recreated', seq: 1 });
    expect(await client.next('lines')).toMatchObject({ seq: 1, lines: ['one'] });
  });
});
