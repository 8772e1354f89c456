/** The HTTP side of a hub: probes, metrics, and what is no WebSocket. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHub, defaultHubSettings } from '../../hub/index.js';
import { SILENT } from '../../shared/logger.js';
import { KEY, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

test('a hub says that it lives and whether it can serve', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  for (const [path, text] of [
    ['/livez', 'alive\n'],
    ['/readyz', 'ready\n'],
  ] as const) {
    const response = await rig.http(path);
    expect([response.status, await response.text()]).toEqual([200, text]);
  }
});

test('the metrics count connections, subscriptions, feeds, lines and refusals', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web' });
  await client.next('caught_up');
  await rig.append('web', ['one', 'two', 'three']);
  await client.next('lines');
  const { connectHub } = await import('../support/hub-client.js');
  await (await connectHub(rig.url, { token: 'x' })).closed;
  for (const [name, value] of [
    ['connections', 1],
    ['subscriptions', 1],
    ['feeds', 1],
    ['delivered_frames_total', 1],
    ['delivered_lines_total', 3],
    ['gaps_total{reason="trimmed"}', 0],
    ['store_errors_total', 0],
    ['auth_failures_total{reason="malformed"}', 1],
    ['closes_total{code="4401"}', 1],
  ] as const) {
    expect([name, await rig.metric(name)]).toEqual([name, value]);
  }
  expect(await rig.metric('frame_bytes')).toBeGreaterThan(0);
  expect(await rig.metric('sent_bytes_total')).toBeGreaterThan(100);
});

test('what is not there is 404, and the WebSocket path without an upgrade says what it is', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  expect((await rig.http('/')).status).toBe(404);
  const response = await rig.http('/v1/ws');
  expect([response.status, await response.text()]).toEqual([426, expect.stringMatching(/WebSocket/)]);
});

test('an upgrade elsewhere, or one that is no handshake, is refused and the connection ends', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  const upgrade = async (path: string, headers: Record<string, string>) => {
    const url = new URL(path, rig.url.replace('ws:', 'http:'));
    const sent = request(url, { headers: { Connection: 'Upgrade', Upgrade: 'websocket', ...headers } }).end();
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; socket: Socket }];
    if (!response.socket.destroyed) await once(response.socket, 'close');
    return response.statusCode;
  };
  const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' };
  expect(await upgrade('/v2/ws', key)).toBe(404);
  expect(await upgrade('/v1/ws', {})).toBe(400);
});

test('an address that is taken is named', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  const port = Number(new URL(rig.url).port);
  const second = createHub(defaultHubSettings({ host: '127.0.0.1', port }, [KEY]), {
    reader: rig.reader,
    logger: SILENT,
  });
  await expect(second.start()).rejects.toThrow(`127.0.0.1:${port} is in use by another program`);
});
