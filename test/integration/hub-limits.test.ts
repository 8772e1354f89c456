/** Bounds: what is over one is refused with the documented code, and the others go on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_MESSAGE_BYTES_MAX } from '../../shared/protocol/limits.js';
import { connectHub } from '../support/hub-client.js';
import { startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (options: Partial<Parameters<typeof startHubRig>[0]> = {}) =>
  startHubRig({ redisUrl: redis.url, ...options });

describe('one connection too many is closed with 4429', () => {
  test('for the hub, until another one leaves', async () => {
    const rig = await start({ limits: { connectionsMax: 2 } });
    const first = await rig.client();
    await rig.client();
    const third = await connectHub(rig.url, { token: rig.token() });
    expect(await third.closed).toMatchObject({ code: 4429 });
    expect(third.queue).toEqual([]);
    await first.close();
    await rig.client();
  });

  test('for its tenant, while others may connect', async () => {
    const rig = await start({ limits: { connectionsPerTenantMax: 1 } });
    const first = await rig.client();
    const second = await connectHub(rig.url, { token: rig.token() });
    expect(await second.closed).toMatchObject({ code: 4429 });
    await rig.client({ token: rig.token({ tenant: `${rig.tenant}-other` }) });
    await first.close();
    await rig.client();
  });

  test('for those without a token, while those with one may connect', async () => {
    const rig = await start({ limits: { connectionsWithoutTokenMax: 1 } });
    const waiting = await connectHub(rig.url);
    const second = await connectHub(rig.url);
    expect(await second.closed).toMatchObject({ code: 4429 });
    await rig.client();
    waiting.send({ type: 'auth', token: rig.token() });
    await waiting.next('ready');
    await connectHub(rig.url);
    await rig.client();
  });
});

describe('one subscription too many', () => {
  test('is refused by an error, and the others go on', async () => {
    const rig = await start({ limits: { subscriptionsMax: 2 } });
    const client = await rig.client();
    for (const channel of ['a', 'b', 'c']) client.send({ type: 'subscribe', channel });
    expect(await client.next('error')).toMatchObject({ code: 'limit', channel: 'c', retryable: false });
    await client.next('caught_up', 'b');
    client.send({ type: 'unsubscribe', channel: 'a' });
    client.send({ type: 'subscribe', channel: 'c' });
    await client.next('caught_up', 'c');
  });

  test('by the channels of a pattern leaves out the rest, and says so once', async () => {
    const rig = await start({ limits: { channelsMax: 3 } });
    for (const channel of ['a', 'b', 'c', 'd', 'e']) await rig.append(channel, ['x']);
    const client = await rig.client();
    client.send({ type: 'subscribe', channel: '*', from: 'start' });
    expect(await client.next('error')).toMatchObject({ code: 'limit', channel: '*' });
    await client.next('caught_up', '*');
    for (let count = 0; count < 3; count += 1) await client.next('lines');
    await rig.append('f', ['x']);
    client.send({ type: 'subscribe', channel: 'g' });
    expect(await client.next('error')).toMatchObject({ code: 'limit', channel: 'g' });
    await client.settle();
    expect(client.queue.filter(({ type }) => type === 'error' || type === 'lines')).toEqual([]);
  });
});

test('what a pattern left out for want of room follows when another subscription ends', async () => {
  const rig = await start({ limits: { channelsMax: 1 } });
  for (const channel of ['a', 'b']) await rig.append(channel, ['x']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'a' });
  await client.next('caught_up', 'a');
  client.send({ type: 'subscribe', channel: 'b*', from: 'start' });
  expect(await client.next('error')).toMatchObject({ code: 'limit', channel: 'b*' });
  client.send({ type: 'unsubscribe', channel: 'a' });
  expect(await client.next('lines')).toMatchObject({ channel: 'b', lines: ['x'] });
});

describe('a client is closed', () => {
  test('with 4429 when it sends too many messages in a second', async () => {
    const rig = await start({ limits: { messagesPerSecondMax: 10 } });
    const client = await rig.client();
    for (let count = 0; count < 11; count += 1) client.send({ type: 'ping' });
    expect(await client.closed).toMatchObject({ code: 4429 });
  });

  test('with 1009 when a message is too big, compressed or not', async () => {
    const rig = await start();
    for (const deflate of [true, false]) {
      const client = await rig.client({ deflate });
      client.sendText(JSON.stringify({ type: 'ping', padding: 'x'.repeat(CLIENT_MESSAGE_BYTES_MAX) }));
      expect(await client.closed).toMatchObject({ code: 1009 });
    }
  });

  test('with 1008 when a message comes in too many fragments', async () => {
    const rig = await start();
    const client = await rig.client({ deflate: false });
    for (let count = 0; count < 100; count += 1) client.webSocket.send(' ', { fin: false });
    expect(await client.closed).toMatchObject({ code: 1008 });
  });

  test('with 4400 and a reason when a message is not of the protocol', async () => {
    const rig = await start();
    for (const [text, reason] of [
      ['not json', 'the message is not JSON'],
      ['{"type":"subscribe"}', /^channel: /],
      [`{"type":"${'ü'.repeat(200)}"}`, /^type: /],
    ] as const) {
      const client = await rig.client();
      client.sendText(text);
      expect(await client.closed).toMatchObject({ code: 4400, reason: expect.stringMatching(reason) });
    }
    const binary = await rig.client();
    binary.webSocket.send(Buffer.from('{"type":"ping"}'));
    expect(await binary.closed).toMatchObject({ code: 4400 });
  });
});

test('what concerns one subscription is an error message, and the connection goes on', async () => {
  const rig = await start();
  const client = await rig.client();
  client.send({ type: 'unsubscribe', channel: 'a' });
  expect(await client.next('error')).toMatchObject({ code: 'not_subscribed', channel: 'a' });
  client.send({ type: 'subscribe', channel: 'a' });
  client.send({ type: 'subscribe', channel: 'a' });
  expect(await client.next('error')).toMatchObject({ code: 'already_subscribed', channel: 'a' });
  client.send({ type: 'subscribe', channel: 'b', from: { cursor: '1.e.1-0.9999999999999999' } });
  expect(await client.next('error')).toMatchObject({ code: 'bad_request', channel: 'b' });
  client.send({ type: 'ack', channel: 'unknown', cursor: '1.e.1-0.1' });
  await client.settle();
});
