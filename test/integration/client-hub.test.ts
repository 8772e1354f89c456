/** The client against a real hub: gaps, refusals, tokens, and the entry point for browsers. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { connect as connectAsBrowser } from '../../client/browser.js';
import { type ClientNotice, connect, type SubscriptionEvent } from '../../client/node.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { freePort, type RedisServer, startRedis } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const BACKOFF = { baseMs: 1, capMs: 20 };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('what a subscription yields', () => {
  test('lines with their source, and caught_up, from the last lines on', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', numbered('line ', 5));
    using client = clientOf(rig);
    const events = await take(client.subscribe('web/a', { from: { tail: 2 } }), 2);
    expect(events).toMatchObject([
      {
        type: 'lines',
        seq: 4,
        lines: ['line 4', 'line 5'],
        source: { host: 'h1', path: '/var/log/x', labels: { env: 'test' } },
      },
      { type: 'caught_up', channel: 'web/a' },
    ]);
  });

  test('a gap that names what retention has removed', async () => {
    const rig = await startHubRig({ redisUrl: redis.url, retentionBytes: 100 });
    await rig.append('web/a', numbered('first ', 3));
    using client = clientOf(rig);
    const subscription = client.subscribe('web/a', { from: { tail: 1 } });
    await take(subscription, 2);
    const { cursor = '' } = subscription;
    subscription.close();
    for (let batch = 0; batch < 5; batch += 1) await rig.append('web/a', numbered('much longer text ', 20));
    const events = await take(client.subscribe('web/a', { from: { cursor } }), 2);
    expect(events).toMatchObject([
      { type: 'gap', reason: 'trimmed', from: 4, to: 83, lines: 80, seq: 84 },
      { type: 'lines', seq: 84 },
    ]);
  });

  test('a channel that another subscription of the same client had, from where that one ended', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', ['one', 'two']);
    const notices: ClientNotice[] = [];
    using client = connect({ url: rig.url, token: rig.token(), onNotice: (notice) => notices.push(notice) });
    const first = client.subscribe('web/*', { from: 'start' });
    await take(first, 1);
    const second = client.subscribe('**');
    const [caughtUp] = await take(second, 1);
    expect(caughtUp).toMatchObject({ type: 'caught_up', channel: '**' });
    first.close();
    await waitFor('the channel to pass over', () => second.cursors.has('web/a'));
    await rig.append('web/a', ['three']);
    const events = await take(second, 2);
    expect(events.find(({ type }) => type === 'lines')).toMatchObject({ seq: 3, lines: ['three'] });
    expect(notices.map(({ type }) => type)).toEqual(['connected']);
  });

  test('channels of a pattern that appear later, from their first line', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', ['old']);
    using client = clientOf(rig);
    const events = client.subscribe('web/*')[Symbol.asyncIterator]();
    for (;;) {
      const { value } = await events.next();
      if (value?.type === 'caught_up' && value.channel === 'web/*') break;
    }
    await rig.append('web/b', ['new']);
    expect((await events.next()).value).toMatchObject({
      type: 'lines',
      channel: 'web/b',
      seq: 1,
      lines: ['new'],
    });
  });
});

describe('what ends it', () => {
  test('a channel that the token does not allow, and only that subscription', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', ['line']);
    using client = clientOf(rig, { token: rig.token({ subscribe: ['web/*'] }) });
    const allowed = client.subscribe('web/a', { from: 'start' });
    await expect(take(client.subscribe('db/a'), 1)).rejects.toMatchObject({
      code: 'forbidden',
      channel: 'db/a',
    });
    expect(await take(allowed, 1)).toMatchObject([{ lines: ['line'] }]);
  });

  test('a token of somebody else', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    using client = clientOf(rig, { token: 'a.b.c' });
    await expect(take(client.subscribe('web/a'), 1)).rejects.toMatchObject({
      code: 'token',
      closeCode: 4401,
    });
  });

  test('a server that is no hub', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    using client = connect({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 't' });
    await expect(take(client.subscribe('web/a'), 1)).rejects.toMatchObject({
      code: 'not_a_hub',
      message: expect.stringContaining('404'),
    });
  });

  test('a hub that is not there, after the attempts that are allowed', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    using client = connect({ url, token: 't', backoff: BACKOFF, attemptsMax: 3 });
    await expect(take(client.subscribe('web/a'), 1)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('what does not', () => {
  test('a hub that is shut down: the client is told and tries again', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const notices: ClientNotice[] = [];
    using client = clientOf(rig, { onNotice: (notice) => void notices.push(notice) });
    await take(client.subscribe('web/a', { from: 'start' }), 1);
    await rig.hub.stop();
    await waitFor(
      'a second attempt',
      () => notices.filter(({ type }) => type === 'disconnected').length >= 2,
    );
    expect(notices.find(({ type }) => type === 'disconnected')).toMatchObject({ code: 1001 });
  });

  test('a token that ends, where a function gives a fresh one in time', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    let asked = 0;
    const notices: ClientNotice[] = [];
    using client = clientOf(rig, {
      onNotice: (notice) => void notices.push(notice),
      token: () => {
        asked += 1;
        return rig.token({ ttlMs: asked === 1 ? 1_500 : 3_600_000 });
      },
    });
    const endsAtMs = Date.now() + 3_000;
    const events = client.subscribe('web/a', { from: 'start' })[Symbol.asyncIterator]();
    await events.next();
    await waitFor('the end of the first token', () => Date.now() > endsAtMs);
    await rig.append('web/a', ['later']);
    expect((await events.next()).value).toMatchObject({ lines: ['later'] });
    expect(asked).toBe(2);
    expect(notices.map(({ type }) => type)).toEqual(['connected', 'auth_expiring']);
  });
});

test('the entry point for browsers talks to the same hub through a standard WebSocket', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  await rig.append('web/a', numbered('line ', 300));
  Object.assign(globalThis, { WebSocket });
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'WebSocket'));
  using client = connectAsBrowser({ url: rig.url, token: rig.token(), backoff: BACKOFF });
  const events = await take(client.subscribe('web/a', { from: 'start' }), 2);
  expect(events).toMatchObject([
    { type: 'lines', seq: 1, lines: numbered('line ', 300) },
    { type: 'caught_up' },
  ]);
});

function clientOf(rig: HubRig, options: Partial<Parameters<typeof connect>[0]> = {}) {
  return connect({ url: rig.url, token: rig.token(), backoff: BACKOFF, ...options });
}

/** The next events of a subscription, which is left open; the last one is not dealt with. */
async function take(
  subscription: AsyncIterable<SubscriptionEvent>,
  count: number,
): Promise<SubscriptionEvent[]> {
  const events = subscription[Symbol.asyncIterator]();
  const taken: SubscriptionEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}
