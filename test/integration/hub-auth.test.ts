/** Who may connect: the three ways to show a token, what becomes of a wrong one, and pages of foreign sites. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createToken, secretKey } from '../../hub/index.js';
import { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../../shared/protocol/messages.js';
import { connectHub } from '../support/hub-client.js';
import { type HubRig, KEY, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const rigWith = (options: Partial<Parameters<typeof startHubRig>[0]> = {}) =>
  startHubRig({ redisUrl: redis.url, ...options });
const bearer = (token: string) => `${BEARER_SUBPROTOCOL_PREFIX}${Buffer.from(token).toString('base64url')}`;

describe('a token', () => {
  test('may come in the Authorization header', async () => {
    const rig = await rigWith();
    const client = await connectHub(rig.url, { token: rig.token() });
    expect(await client.next('ready')).toMatchObject({ tenant: rig.tenant });
    expect(client.webSocket.protocol).toBe(SUBPROTOCOL);
  });

  test('may come as an offered subprotocol, in any order, and is never echoed', async () => {
    const rig = await rigWith();
    for (const subprotocols of [
      [SUBPROTOCOL, bearer(rig.token())],
      [bearer(rig.token()), SUBPROTOCOL],
    ]) {
      const client = await connectHub(rig.url, { subprotocols });
      expect(await client.next('ready')).toMatchObject({ tenant: rig.tenant });
      expect(client.webSocket.protocol).toBe(SUBPROTOCOL);
    }
  });

  test('may come as the first message', async () => {
    const rig = await rigWith();
    const client = await connectHub(rig.url);
    client.send({ type: 'auth', token: rig.token() });
    expect(await client.next('ready')).toMatchObject({ tenant: rig.tenant });
  });

  test('that does not come in time ends the connection with 4408', async () => {
    const rig = await rigWith({ timeouts: { authTimeoutMs: 50 } });
    const client = await connectHub(rig.url);
    expect(await client.closed).toMatchObject({ code: 4408 });
  });

  test('in a query string is none', async () => {
    const rig = await rigWith({ timeouts: { authTimeoutMs: 50 } });
    const client = await connectHub(`${rig.url}?token=${rig.token()}`);
    expect(await client.closed).toMatchObject({ code: 4408 });
  });
});

describe('a connection is closed with 4401', () => {
  const other = secretKey(Buffer.alloc(32, 'o'), 'test');
  const rights = (rig: HubRig) => ({ tenant: rig.tenant, subscribe: ['**'], ttlMs: 60_000 });

  test.each([
    ['of another key', (rig: HubRig) => createToken(rights(rig), other, Date.now())],
    ['that has expired', (rig: HubRig) => createToken(rights(rig), KEY, Date.now() - 3_600_000)],
    ['that is none', () => 'nonsense'],
  ])('for a token %s, after the handshake, in whichever way it came', async (_what, make) => {
    const rig = await rigWith();
    const token = make(rig);
    const byHeader = await connectHub(rig.url, { token });
    const bySubprotocol = await connectHub(rig.url, { subprotocols: [SUBPROTOCOL, bearer(token)] });
    const byMessage = await connectHub(rig.url);
    byMessage.send({ type: 'auth', token });
    for (const client of [byHeader, bySubprotocol, byMessage]) {
      expect(await client.closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^the token/) });
      expect(client.queue).toEqual([]);
    }
  });

  test('when its token expires, after a notice', async () => {
    const rig = await rigWith();
    const client = await rig.client({ token: rig.token({ ttlMs: 1_000 }) });
    const { expiresAt } = await client.next('auth_expiring');
    expect(await client.closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/expired/) });
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
  });
});

describe('a later token', () => {
  test('changes the rights at once: what is lost ends, what is won begins', async () => {
    const rig = await rigWith();
    for (const channel of ['a', 'b', 'c']) await rig.append(channel, [`${channel} 1`]);
    const client = await rig.client({ token: rig.token({ subscribe: ['a', 'b'] }) });
    client.send({ type: 'subscribe', channel: '*', from: 'start' });
    client.send({ type: 'subscribe', channel: 'a' });
    expect((await client.next('lines', 'a')).lines).toEqual(['a 1']);
    expect((await client.next('lines', 'b')).lines).toEqual(['b 1']);
    client.send({ type: 'auth', token: rig.token({ subscribe: ['b', 'c'] }) });
    expect(await client.next('unsubscribed')).toMatchObject({ channel: 'a', reason: 'forbidden' });
    expect((await client.next('lines', 'c')).lines).toEqual(['c 1']);
    for (const channel of ['a', 'b', 'c']) await rig.append(channel, [`${channel} 2`]);
    expect((await client.next('lines', 'b')).lines).toEqual(['b 2']);
    expect((await client.next('lines', 'c')).lines).toEqual(['c 2']);
    client.send({ type: 'subscribe', channel: 'a', from: 'start' });
    expect(await client.next('error', 'a')).toMatchObject({ code: 'forbidden' });
    await client.settle();
    expect(client.queue.filter((message) => message.type === 'lines')).toEqual([]);
  });

  test('of another tenant ends the connection with 4403', async () => {
    const rig = await rigWith();
    const client = await rig.client();
    client.send({ type: 'auth', token: rig.token({ tenant: 'another' }) });
    expect(await client.closed).toMatchObject({ code: 4403 });
  });
});

describe('a page of a browser', () => {
  test('of a foreign site is closed with 4403, even with a good token', async () => {
    const rig = await rigWith();
    const client = await connectHub(rig.url, {
      token: rig.token(),
      headers: { Origin: 'https://evil.example' },
    });
    expect(await client.closed).toMatchObject({ code: 4403 });
    expect(client.queue).toEqual([]);
  });

  test('of an allowed site, or of this machine where the hub serves this machine, may connect', async () => {
    const rig = await rigWith({ allowedOrigins: ['https://logs.example.com'] });
    for (const origin of ['https://logs.example.com', 'http://localhost:3000']) {
      const client = await connectHub(rig.url, { token: rig.token(), headers: { Origin: origin } });
      await client.next('ready');
    }
  });
});

test('a client that offers only other subprotocols is closed with 4400 and told which to offer', async () => {
  const rig = await rigWith();
  const { head, socket } = await upgradeByHand(rig.url, { 'Sec-WebSocket-Protocol': 'other.v1' });
  onTestFinished(() => void socket.destroy());
  const [frame] = head.length > 0 ? [head] : ((await once(socket, 'data')) as [Buffer]);
  expect([frame.readUInt8(0), frame.readUInt16BE(2)]).toEqual([0x88, 4400]);
  expect(frame.subarray(4).toString()).toBe('offer the subprotocol tailrace.v1');
});

/** The ws client refuses a server that picks none of its offers before it shows the close, unlike browsers. */
async function upgradeByHand(url: string, headers: Record<string, string>) {
  const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' };
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket' };
  const sent = request(url.replace('ws:', 'http:'), { headers: { ...upgrade, ...key, ...headers } }).end();
  const [, socket, head] = (await once(sent, 'upgrade')) as [unknown, Socket, Buffer];
  return { socket, head };
}
