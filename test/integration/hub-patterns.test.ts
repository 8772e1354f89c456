/** Patterns: what they match, channels that appear later, and that no channel comes twice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = () => startHubRig({ redisUrl: redis.url });

test('a pattern is announced first, then each channel that it matches, then that all have caught up', async () => {
  const rig = await start();
  for (const channel of ['web/a', 'web/b', 'db']) await rig.append(channel, ['old']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web/*' });
  await client.next('caught_up', 'web/*');
  await client.settle();
  const told = client.queue.map((message) => [message.type, 'channel' in message ? message.channel : '']);
  expect(told[0]).toEqual(['subscribed', 'web/*']);
  expect(told.slice(1).sort()).toEqual([
    ['caught_up', 'web/a'],
    ['caught_up', 'web/b'],
    ['subscribed', 'web/a'],
    ['subscribed', 'web/b'],
  ]);
  expect(client.queue).toContainEqual(expect.objectContaining({ channel: 'web/a', pattern: 'web/*' }));
  await rig.append('db', ['not asked for']);
  await rig.append('web/b', ['new']);
  expect(await client.next('lines')).toMatchObject({ channel: 'web/b', lines: ['new'], seq: 2 });
});

test('a pattern that matches nothing yet has caught up at once', async () => {
  const rig = await start();
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: '**' });
  await client.next('subscribed', '**');
  await client.next('caught_up', '**');
});

test('a channel that appears later comes from its first line, also for who asked for "now"', async () => {
  const rig = await start();
  await rig.append('web/old', ['old 1']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web/**' });
  await client.next('caught_up', 'web/**');
  await rig.append('web/new/x', ['new 1']);
  await rig.append('web/new/x', ['new 2']);
  expect(await client.next('subscribed', 'web/new/x')).toMatchObject({ pattern: 'web/**' });
  const { seqs, lines } = await client.linesUntil('web/new/x', 'new 2');
  expect([seqs, lines]).toEqual([
    [1, 2],
    ['new 1', 'new 2'],
  ]);
  await client.next('caught_up', 'web/new/x');
});

test('a channel whose first subscription ends goes on under the other one, and the client is told from where', async () => {
  const rig = await start();
  await rig.append('web/a', ['one', 'two']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web/*', from: 'start' });
  const { cursor } = await client.next('lines');
  client.send({ type: 'subscribe', channel: '**' });
  await client.next('caught_up', '**');
  await client.settle();
  client.queue.length = 0;
  client.send({ type: 'unsubscribe', channel: 'web/*' });
  await client.settle();
  expect(client.queue.slice(0, 2)).toEqual([
    { type: 'unsubscribed', channel: 'web/*', reason: 'requested' },
    { type: 'subscribed', channel: 'web/a', pattern: '**', cursor },
  ]);
  await rig.append('web/a', ['three']);
  expect(await client.next('lines')).toMatchObject({ seq: 3, lines: ['three'] });
});

test('a channel that a token takes away goes on where it stood when another token gives it back', async () => {
  const rig = await start();
  await rig.append('web/a', ['one', 'two']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web/*', from: { tail: 2 } });
  await client.next('lines');
  client.send({ type: 'auth', token: rig.token({ subscribe: ['other'] }) });
  await client.next('unsubscribed', 'web/a');
  await rig.append('web/a', ['three']);
  client.send({ type: 'auth', token: rig.token() });
  expect(await client.next('lines')).toMatchObject({ seq: 3, lines: ['three'] });
});

test('a channel that two patterns and its own name match is delivered once', async () => {
  const rig = await start();
  await rig.append('web/a', ['old']);
  const client = await rig.client();
  for (const channel of ['web/*', 'web/a', '**']) client.send({ type: 'subscribe', channel });
  for (const pattern of ['web/*', '**']) await client.next('caught_up', pattern);
  for (let count = 0; count < 3; count += 1) await client.next('subscribed', 'web/a');
  await rig.append('web/a', ['once']);
  await rig.append('web/a', ['last']);
  expect((await client.linesUntil('web/a', 'last')).lines).toEqual(['once', 'last']);
  await client.settle();
  expect(client.queue.filter(({ type }) => type === 'lines')).toEqual([]);
});

test('to leave one pattern keeps the channels that another still wants', async () => {
  const rig = await start();
  for (const channel of ['web/a', 'web/b']) await rig.append(channel, ['old']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'web/*' });
  client.send({ type: 'subscribe', channel: 'web/a' });
  await client.next('caught_up', 'web/*');
  await client.next('subscribed', 'web/a');
  client.send({ type: 'unsubscribe', channel: 'web/*' });
  expect(await client.next('unsubscribed')).toMatchObject({ channel: 'web/*', reason: 'requested' });
  for (const channel of ['web/b', 'web/a', 'web/c']) await rig.append(channel, ['new']);
  expect((await client.next('lines', 'web/a')).lines).toEqual(['new']);
  client.send({ type: 'unsubscribe', channel: 'web/a' });
  await client.next('unsubscribed', 'web/a');
  await rig.append('web/a', ['newer']);
  await client.settle();
  expect(client.queue.filter(({ type }) => type === 'lines')).toEqual([]);
});

test('a pattern resumes each channel by its cursor; one without a cursor is new and comes whole', async () => {
  const rig = await start();
  for (const channel of ['a', 'b']) await rig.append(channel, [`${channel} 1`, `${channel} 2`]);
  const first = await rig.client();
  first.send({ type: 'subscribe', channel: '*', from: 'start' });
  const cursors = { a: (await first.next('lines', 'a')).cursor, b: (await first.next('lines', 'b')).cursor };
  await first.close();
  for (const channel of ['a', 'b', 'c']) await rig.append(channel, [`${channel} 3`]);
  const again = await rig.client();
  again.send({ type: 'subscribe', channel: '*', from: { cursors } });
  for (const channel of ['a', 'b'])
    expect((await again.next('lines', channel)).lines).toEqual([`${channel} 3`]);
  expect((await again.next('lines', 'c')).lines).toEqual(['c 3']);
});

test('a channel resumed by a pattern that has vanished from the store is told as recreated', async () => {
  const rig = await start();
  const client = await rig.client();
  const cursor = `1.gone.${Date.now()}-0.5`;
  client.send({ type: 'subscribe', channel: '*', from: { cursors: { lost: cursor } } });
  expect(await client.next('gap', 'lost')).toMatchObject({ reason: 'recreated', lines: null, seq: 1 });
});

test('a pattern takes no single cursor', async () => {
  const rig = await start();
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: '*', from: { cursor: '1.e.1-0.1' } });
  expect(await client.next('error', '*')).toMatchObject({ code: 'bad_request', retryable: false });
});

test('a channel takes its cursor out of a map as well', async () => {
  const rig = await start();
  await rig.append('a', ['1', '2']);
  await rig.append('a', ['3']);
  const client = await rig.client();
  client.send({ type: 'subscribe', channel: 'a', from: 'start' });
  const { cursor } = await client.next('lines');
  client.send({ type: 'unsubscribe', channel: 'a' });
  await client.next('unsubscribed');
  client.queue.length = 0;
  client.send({ type: 'subscribe', channel: 'a', from: { cursors: { a: cursor } } });
  expect((await client.next('lines')).lines).toEqual(['3']);
});
