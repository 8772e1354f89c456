/** A client behind a network that breaks: every line once and in order, or it is told. Real hub, real Redis. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubscriptionEvent } from '../../client/events.js';
import { type Client, type ConnectOptions, connect, type Subscription } from '../../client/node.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { seededRandom } from '../support/fault-random.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const BACKOFF = { baseMs: 1, capMs: 20 };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

test('cut at any byte, again and again, a client gets every line once and in order', async () => {
  const random = seededRandom(11);
  const rig = await startHubRig({ redisUrl: redis.url });
  await using proxy = await startCuttingProxy(rig.url, { cutAfterBytes: () => random.between(1, 4_000) });
  using client = clientOf(rig, { url: proxy.url });
  const total = 30_000;
  const written = writeAll(rig, 'web/a', total, () => random.between(1, 400));
  const received = await collect(client.subscribe('web/a', { from: 'start' }), total);
  await written;
  expect(received).toEqual(numbered('web/a ', total));
  expect(proxy.connections).toBeGreaterThan(10);
});

test('a pattern that is cut at any byte gets every line of every channel, also of those that appear meanwhile', async () => {
  const random = seededRandom(12);
  const rig = await startHubRig({ redisUrl: redis.url });
  await using proxy = await startCuttingProxy(rig.url, { cutAfterBytes: () => random.between(200, 8_000) });
  using client = clientOf(rig, { url: proxy.url });
  const channels = numbered('web/c', 12);
  const perChannel = 500;
  const written = (async () => {
    for (const channel of channels) await writeAll(rig, channel, perChannel, () => random.between(1, 100));
  })();
  const received = new Map<string, string[]>();
  await readUntil(client.subscribe('web/*', { from: 'start' }), (event) => {
    if (event.type === 'lines')
      received.set(event.channel, [...(received.get(event.channel) ?? []), ...event.lines]);
    return [...received.values()].flat().length === channels.length * perChannel;
  });
  await written;
  for (const channel of channels) expect(received.get(channel)).toEqual(numbered(`${channel} `, perChannel));
  expect(proxy.connections).toBeGreaterThan(5);
});

test('a program that keeps the cursor continues in another process without a hole or a repetition', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  await writeAll(rig, 'web/a', 1_000, () => 7);
  const received: string[] = [];
  let cursor: string | undefined;
  for (let run = 0; run < 10; run += 1) {
    using client = clientOf(rig);
    const subscription = client.subscribe('web/a', { from: cursor === undefined ? 'start' : { cursor } });
    let events = 0;
    for await (const event of subscription) {
      if (event.type !== 'lines' || events === 9) break;
      received.push(...event.lines);
      events += 1;
    }
    cursor = subscription.cursor;
  }
  expect(received).toEqual(numbered('web/a ', received.length));
  expect(received).toHaveLength(10 * 9 * 7);
});

test('control: a message that is lost on the way is noticed, and fetched again', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  await using proxy = await startCuttingProxy(rig.url, { drops: (frame) => frame === 5 });
  const faults: string[] = [];
  using client = clientOf(rig, {
    url: proxy.url,
    onNotice: (notice) => notice.type === 'fault' && faults.push(notice.message),
  });
  await writeAll(rig, 'web/a', 1_000, () => 50);
  expect(await collect(client.subscribe('web/a', { from: 'start' }), 1_000)).toEqual(
    numbered('web/a ', 1_000),
  );
  expect(proxy.droppedFrames).toBe(1);
  expect(faults).toEqual([expect.stringMatching(/line \d+ of web\/a where line \d+ was to come/)]);
});

test('a proxy that goes on losing messages ends the subscription instead of skipping lines', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  // Of every connection only `ready` and `subscribed` and the second batch pass.
  let framesOfConnection = 0;
  await using proxy = await startCuttingProxy(rig.url, {
    cutAfterBytes: () => {
      framesOfConnection = 0;
      return Number.POSITIVE_INFINITY;
    },
    drops: () => {
      framesOfConnection += 1;
      return framesOfConnection === 3;
    },
  });
  await writeAll(rig, 'web/a', 100, () => 10);
  using client = clientOf(rig, { url: proxy.url });
  await expect(collect(client.subscribe('web/a', { from: 'start' }), 100)).rejects.toMatchObject({
    code: 'continuity',
    channel: 'web/a',
  });
});

function clientOf(rig: HubRig, options: Partial<ConnectOptions> = {}): Client {
  return connect({ url: rig.url, token: rig.token(), backoff: BACKOFF, ...options });
}

/** Lines `<channel> 1` to `<channel> <total>` in batches of the sizes given. */
async function writeAll(rig: HubRig, channel: string, total: number, size: () => number): Promise<void> {
  for (let done = 0; done < total; ) {
    const count = Math.min(size(), total - done);
    await rig.append(channel, numbered(`${channel} `, count, done + 1));
    done += count;
  }
}

async function collect(subscription: Subscription, total: number): Promise<string[]> {
  const received: string[] = [];
  await readUntil(subscription, (event) => {
    if (event.type === 'lines') received.push(...event.lines);
    return received.length >= total;
  });
  return received;
}

async function readUntil(
  subscription: Subscription,
  isEnough: (event: SubscriptionEvent) => boolean,
): Promise<void> {
  for await (const event of subscription) {
    if (event.type === 'gap') throw new Error(`an unexpected gap: ${JSON.stringify(event)}`);
    if (isEnough(event)) return;
  }
}
