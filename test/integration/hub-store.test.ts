/** The store goes away, comes back, or rings in vain; and the hub itself goes. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DoorbellListener, LogReader } from '../../shared/store/log-store.js';
import { connectHub } from '../support/hub-client.js';
import { startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;

/** A reader whose doorbells nobody hears. */
function deaf(reader: LogReader): LogReader {
  const silent: DoorbellListener = { onChannel: () => {}, onTenant: () => {}, onLost: () => {} };
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'listen') return () => target.listen(silent);
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('a lost doorbell', () => {
  test('is made up for by the sweep: lines and new channels come all the same', async () => {
    const rig = await startHubRig({
      redisUrl: redis.url,
      wrapReader: deaf,
      timeouts: { sweepIntervalMs: 50 },
    });
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: '**' });
    await client.next('caught_up', '**');
    await rig.append('web', ['one']);
    expect((await client.next('lines')).lines).toEqual(['one']);
    await rig.append('web', ['two']);
    expect((await client.next('lines')).lines).toEqual(['two']);
  });

  test('does not leave behind a client that is ahead of the feed', async () => {
    const timeouts = { sweepIntervalMs: 200 };
    const rig = await startHubRig({
      redisUrl: redis.url,
      wrapReader: deaf,
      timeouts,
      limits: { ringBytesMax: 1 },
    });
    const [waiting, ahead] = [await rig.client(), await rig.client()];
    waiting.send({ type: 'subscribe', channel: 'web' });
    await waiting.next('caught_up');
    await rig.append('web', ['one']);
    ahead.send({ type: 'subscribe', channel: 'web', from: 'start' });
    await ahead.next('caught_up');
    for (const client of [waiting, ahead]) expect((await client.next('lines')).lines).toEqual(['one']);
    for (const line of ['two', 'three']) {
      await rig.append('web', [line]);
      for (const client of [waiting, ahead]) expect((await client.next('lines')).lines).toEqual([line]);
    }
  });

  test('would else be missed: without the sweep nothing comes (the control)', async () => {
    const rig = await startHubRig({
      redisUrl: redis.url,
      wrapReader: deaf,
      timeouts: { sweepIntervalMs: HOUR_MS },
    });
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web' });
    await client.next('caught_up');
    await rig.append('web', ['one']);
    // Another hub on the same store has the line by now.
    const other = await startHubRig({ redisUrl: redis.url });
    const witness = await connectHub(other.url, { token: rig.token() });
    witness.send({ type: 'subscribe', channel: 'web', from: 'start' });
    await witness.next('lines');
    await client.settle();
    expect(client.queue.filter(({ type }) => type === 'lines')).toEqual([]);
  });
});

describe('while the store is away', () => {
  test('clients are told once, stay, and get every line when it is back', async () => {
    const own = await startRedis();
    onTestFinished(() => own[Symbol.asyncDispose]());
    const rig = await startHubRig({ redisUrl: own.url, timeouts: { sweepIntervalMs: 50 } });
    await rig.append('web', ['before']);
    const [client, idle] = [await rig.client(), await rig.client()];
    client.send({ type: 'subscribe', channel: 'web', from: 'start' });
    client.send({ type: 'subscribe', channel: 'x/*' });
    await client.next('caught_up', 'web');
    await client.next('caught_up', 'x/*');
    client.queue.length = 0;
    await own.kill();
    expect(await client.next('error')).toMatchObject({ code: 'store_unavailable', retryable: true });
    const late = await rig.client();
    late.send({ type: 'subscribe', channel: 'web', from: 'start' });
    expect(await late.next('error')).toMatchObject({ code: 'store_unavailable', retryable: true });
    const ready = await rig.http('/readyz');
    expect(ready.status).toBe(503);
    // Anybody may ask: where the store is stands in the log alone.
    expect(await ready.text()).toBe('not ready: the log store does not serve; the log of the hub says why\n');
    expect((await rig.http('/livez')).status).toBe(200);
    await own.start();
    expect((await late.next('lines')).lines).toEqual(['before']);
    await waitFor('the writer to be back', () => rig.append('web', ['after']).catch(() => undefined));
    for (const each of [client, late]) expect((await each.next('lines')).lines).toEqual(['after']);
    await rig.append('x/new', ['new']);
    expect((await client.next('lines', 'x/new')).lines).toEqual(['new']);
    await idle.settle();
    for (const each of [client, late, idle]) {
      expect(each.queue.filter(({ type }) => type === 'error')).toEqual([]);
    }
    expect((await rig.http('/readyz')).status).toBe(200);
  });

  test('a client may connect before the store was ever there', async () => {
    const own = await startRedis();
    onTestFinished(() => own[Symbol.asyncDispose]());
    await own.kill();
    const rig = await startHubRig({ redisUrl: own.url, timeouts: { sweepIntervalMs: 50 } });
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web' });
    expect(await client.next('error')).toMatchObject({ code: 'store_unavailable' });
    await own.start();
    await client.next('caught_up', 'web');
  });
});

test('one channel that the store cannot serve is told, and disturbs no other', async () => {
  const { Redis } = await import('ioredis');
  const direct = new Redis(redis.url);
  onTestFinished(() => void direct.disconnect());
  const rig = await startHubRig({ redisUrl: redis.url });
  await rig.append('good', ['x']);
  await rig.append('broken', ['x']);
  const keys = await direct.keys(`*{${rig.tenant}/broken}:log`);
  await direct.del(...keys);
  await direct.set(keys[0] ?? '', 'not a stream');
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'broken', from: 'start' });
  client.send({ type: 'subscribe', channel: 'good', from: 'start' });
  expect(await client.next('error')).toMatchObject({ code: 'internal', channel: 'broken', retryable: true });
  expect((await client.next('lines', 'good')).lines).toEqual(['x']);
});

describe('a hub that stops', () => {
  test('closes its clients with 1001, takes no new ones, and leaves the reader open', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web', ['one']);
    const clients = [await rig.client(), await rig.client(), await connectHub(rig.url)];
    clients[0]?.send({ type: 'subscribe', channel: 'web' });
    await clients[0]?.next('caught_up');
    await rig.hub.stop();
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 });
    await expect(connectHub(rig.url)).rejects.toThrow(/ECONNREFUSED/);
    expect(await rig.reader.channels(rig.tenant)).toEqual(['web']);
    await rig.hub.stop();
  });

  test('does not wait for ever for a client that does not answer', async () => {
    const rig = await startHubRig({ redisUrl: redis.url, timeouts: { drainTimeoutMs: 100 } });
    const client = await rig.client();
    client.tcp.pause();
    await rig.hub.stop();
    client.tcp.resume();
    await client.closed;
  });
});
