/** Clients that take their time: windows, the latest instead of all, and slow ones that cost nobody else anything. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIRST_ENTRY } from '../../shared/protocol/cursor.js';
import type { HubMessage, HubMessageOf } from '../../shared/protocol/messages.js';
import type { LogReader } from '../../shared/store/log-store.js';
import type { HubClient } from '../support/hub-client.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (options: Partial<Parameters<typeof startHubRig>[0]> = {}) =>
  startHubRig({ redisUrl: redis.url, ...options });

/** Some 40 MB on the wire: the buffers of the kernel alone take several MB on loopback. */
const BIG_BATCHES = 60;
const BIG_LINES = 100;
const BIG_TOTAL = BIG_BATCHES * BIG_LINES;

/** Appends lines that deflate cannot shrink much, each ending with its number. */
async function appendMuch(rig: HubRig, channel: string, onBatch = () => {}): Promise<void> {
  for (let batch = 0; batch < BIG_BATCHES; batch += 1) {
    const lines = numbered('', BIG_LINES, batch * BIG_LINES + 1);
    await rig.append(
      channel,
      lines.map((number) => `${randomBytes(7_000).toString('base64')} ${number}`),
    );
    onBatch();
  }
}

const isLinesOrGap = (message: HubMessage): message is HubMessageOf<'lines' | 'gap'> =>
  message.type === 'lines' || message.type === 'gap';

const numberOf = (line: string | undefined) => Number(line?.split(' ').at(-1));

/** Takes the lines of a channel until one number; they must follow each other from `next` on. */
async function takeInOrder(client: HubClient, channel: string, next: number, last: number): Promise<void> {
  for (let expected = next; expected <= last; ) {
    const { seq, lines } = await client.next('lines', channel);
    expect([seq, numberOf(lines[0]), numberOf(lines.at(-1))]).toEqual([
      expected,
      expected,
      expected + lines.length - 1,
    ]);
    expected += lines.length;
  }
}

describe('a window', () => {
  test('stops after so many unacknowledged lines, at the end of a batch, and goes on with each ack', async () => {
    const rig = await start();
    for (const first of [1, 5, 9, 13]) await rig.append('web', numbered('', 4, first));
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web', from: 'start', window: 6 });
    const first = await client.next('lines');
    const second = await client.next('lines');
    expect([first.seq, second.seq]).toEqual([1, 5]);
    await client.settle();
    expect(client.queue.filter(({ type }) => type === 'lines')).toEqual([]);
    client.send({ type: 'ack', channel: 'web', cursor: first.cursor });
    expect(await client.next('lines')).toMatchObject({ seq: 9, lines: numbered('', 4, 9) });
    client.send({ type: 'ack', channel: 'web', cursor: first.cursor });
    await client.settle();
    expect(client.queue.filter(({ type }) => type === 'lines')).toEqual([]);
    client.send({ type: 'ack', channel: 'web', cursor: second.cursor });
    expect(await client.next('lines')).toMatchObject({ seq: 13, lines: numbered('', 4, 13) });
    await client.next('caught_up');
  });

  test('never divides a batch: a cursor inside one would fit whatever took its place in a rewound store', async () => {
    const rig = await start();
    await rig.append('web', numbered('', 25));
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web', from: 'start', window: 7 });
    expect(await client.next('lines')).toMatchObject({ seq: 1, lines: numbered('', 25) });
  });

  test('of one channel does not hold up another', async () => {
    const rig = await start();
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'held', window: 1 });
    client.send({ type: 'subscribe', channel: 'free' });
    for (const channel of ['held', 'free']) await client.next('caught_up', channel);
    for (const channel of ['held', 'free', 'free']) await rig.append(channel, numbered(channel, 3));
    await client.next('lines', 'free');
    await client.next('lines', 'free');
    expect((await client.next('lines', 'held')).lines).toEqual(numbered('held', 3));
  });
});

describe('a client that stops reading', () => {
  test('holds up nobody, and gets every line when it reads again', async () => {
    const rig = await start();
    const [slow, fast] = [await rig.client(), await rig.client()];
    for (const client of [slow, fast]) {
      client.send({ type: 'subscribe', channel: 'web' });
      await client.next('caught_up');
    }
    slow.tcp.pause();
    const taken = takeInOrder(fast, 'web', 1, BIG_TOTAL);
    await appendMuch(rig, 'web');
    await taken;
    // The control: the slow one really was held up.
    expect(await rig.metric('delivered_lines_total')).toBeLessThan(1.7 * BIG_TOTAL);
    slow.tcp.resume();
    await takeInOrder(slow, 'web', 1, BIG_TOTAL);
  });

  test('costs no more than its outbox and the shared frames, however much passes', async () => {
    const limits = {
      outboxBytesMax: 1024 * 1024,
      ringBytesMax: 2 * 1024 * 1024,
      framesBytesMax: 4 * 1024 * 1024,
    };
    const rig = await start({ limits });
    const slow = await rig.client();
    slow.send({ type: 'subscribe', channel: 'web' });
    await slow.next('caught_up');
    slow.tcp.pause();
    await appendMuch(rig, 'web');
    // Another client that has seen the last line tells that the feed is there as well.
    const fast = await rig.client();
    fast.send({ type: 'subscribe', channel: 'web', from: { tail: 1 } });
    await fast.next('caught_up');
    expect(await rig.metric('frame_bytes')).toBeLessThanOrEqual(limits.framesBytesMax);
    slow.tcp.resume();
    await takeInOrder(slow, 'web', 1, BIG_TOTAL);
  });

  test('for longer than the hub waits is closed with 4503 once it hears of it, and cut off', async () => {
    const rig = await start({ timeouts: { silenceMs: 2_000, pingIntervalMs: 200 } });
    const slow = await rig.client();
    slow.send({ type: 'subscribe', channel: 'web' });
    await slow.next('caught_up');
    slow.tcp.pause();
    // It speaks while it does not read, until more is on its way than the kernel takes; then it is silent.
    await appendMuch(rig, 'web', () => slow.send({ type: 'ping' }));
    await waitFor('the hub to give up', async () => (await rig.metric('closes_total{code="4503"}')) === 1);
    slow.tcp.resume();
    await slow.closed;
  });
});

describe('who wants the latest', () => {
  test('skips what it was too slow for, with the exact count, and goes on at the tip', async () => {
    const rig = await start({ limits: { ringBytesMax: 2 * 1024 * 1024 } });
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web', policy: 'latest' });
    await client.next('caught_up');
    client.tcp.pause();
    await appendMuch(rig, 'web');
    client.tcp.resume();
    let expected = 1;
    let skipped = 0;
    while (expected <= BIG_TOTAL) {
      const message = await client.find('lines or gap', isLinesOrGap);
      if (message.type === 'gap') {
        expect(message).toMatchObject({ reason: 'skipped', from: expected, to: message.seq - 1 });
        expect(message.lines).toBe(message.seq - expected);
        skipped += message.lines ?? 0;
        expected = message.seq;
      } else {
        expect([message.seq, numberOf(message.lines[0])]).toEqual([expected, expected]);
        expected += message.lines.length;
      }
    }
    expect(skipped).toBeGreaterThan(0);
    await rig.append('web', ['after']);
    expect((await client.next('lines')).lines).toEqual(['after']);
  });

  test('gets the whole history that it asked for first', async () => {
    const rig = await start({ limits: { ringBytesMax: 1_000, pageBytesMax: 100 } });
    for (let batch = 0; batch < 20; batch += 1) await rig.append('web', numbered('x ', 10, batch * 10 + 1));
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: 'web', from: 'start', policy: 'latest' });
    await takeInOrder(client, 'web', 1, 200);
  });
});

test('a client that does not read makes the hub read few pages, however many channels it asked for', async () => {
  const channels = Array.from({ length: 60 }, (_, index) => `c${index}`);
  let [reading, mostAtOnce] = [0, 0];
  const rig = await startHubRig({
    redisUrl: redis.url,
    wrapReader: (reader) =>
      new Proxy(reader, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          if (name !== 'read') return value.bind(target);
          return async (...args: Parameters<LogReader['read']>) => {
            // Feeds read too, from their tips on.
            if (args[1].entry !== FIRST_ENTRY) return target.read(...args);
            reading += 1;
            mostAtOnce = Math.max(mostAtOnce, reading);
            return target.read(...args).finally(() => {
              reading -= 1;
            });
          };
        },
      }),
  });
  for (const channel of channels) await rig.append(channel, [channel]);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: '*', from: 'start' });
  await client.next('caught_up', '*');
  const lines = client.queue.filter(({ type }) => type === 'lines').length;
  expect(lines).toBe(channels.length);
  expect(mostAtOnce).toBeLessThanOrEqual(8);
});
