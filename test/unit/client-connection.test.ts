/** One connection after the other: silence, what the hub says that cannot be, and what comes too late. */
import { describe, expect, test } from 'vitest';
import { ClientError } from '../../client/errors.js';
import type { HubMessage } from '../../shared/protocol/index.js';
import { caughtUp, FakeWorld, lines, subscribed } from '../support/client-fakes.js';

describe('connecting', () => {
  test('happens by itself, at the hub’s own path when the URL has none', () => {
    const { sockets } = new FakeWorld({ url: 'https://logs.example.com' });
    expect(sockets.map(({ url, token }) => ({ url, token }))).toEqual([
      { url: 'wss://logs.example.com/v1/ws', token: 'first' },
    ]);
  });

  test.each(['', 'logs.example.com', 'ftp://host', 'ws//host'])('to %j is refused at once', (url) => {
    expect(() => new FakeWorld({ url })).toThrow(expect.objectContaining({ code: 'bad_url' }));
  });

  test('is given up when the hub says nothing in time, and tried again', () => {
    const world = new FakeWorld();
    world.clock.advance(15_000);
    expect(world.socket.ended).toBe('dropped');
    expect(world.noticesOf('disconnected')).toHaveLength(1);
    world.wait();
    expect(world.sockets).toHaveLength(2);
  });

  test('tells how long the next attempt will wait', () => {
    const world = new FakeWorld({ backoff: { baseMs: 1_000, capMs: 1_000 } });
    world.socket.end(1006, { cause: new Error('connect ECONNREFUSED') });
    expect(world.notices).toMatchObject([
      { type: 'disconnected', code: 1006, retryInMs: 500, message: expect.stringContaining('ECONNREFUSED') },
    ]);
    world.clock.advance(499);
    expect(world.sockets).toHaveLength(1);
    world.clock.advance(1);
    expect(world.sockets).toHaveLength(2);
  });

  test('stops for good when the client is closed', () => {
    const world = new FakeWorld();
    world.socket.end(1006);
    world.client.close();
    world.clock.advance(1e6);
    expect(world.sockets).toHaveLength(1);
    expect(world.clock.timers).toBe(0);
  });

  test('says goodbye when the client is closed', () => {
    const world = new FakeWorld();
    world.ready();
    world.client[Symbol.dispose]();
    expect(world.socket.ended).toBe('closed');
    expect(world.clock.timers).toBe(0);
  });
});

describe('silence', () => {
  test('of 30 s is answered by a ping, and 10 s more by another connection', () => {
    const world = new FakeWorld();
    const socket = world.ready();
    world.clock.advance(29_999);
    expect(socket.sentOf('ping')).toHaveLength(0);
    world.clock.advance(1);
    expect(socket.sentOf('ping')).toHaveLength(1);
    world.clock.advance(10_000);
    expect(socket.ended).toBe('dropped');
    world.wait();
    expect(world.sockets).toHaveLength(2);
  });

  test('that any message breaks is none', () => {
    const world = new FakeWorld();
    const socket = world.ready();
    for (let round = 0; round < 10; round += 1) {
      world.clock.advance(29_000);
      socket.sayText('{"type":"of a newer hub"}');
    }
    expect(socket.sentOf('ping')).toHaveLength(0);
    world.clock.advance(30_000);
    socket.say({ type: 'pong' });
    world.clock.advance(29_999);
    expect(socket.ended).toBeUndefined();
  });
});

describe('what a hub cannot mean', () => {
  test.each([
    ['no JSON', 'hello'],
    ['no object', '7'],
    ['null', 'null'],
    ['a malformed message', '{"type":"caught_up"}'],
    ['lines that are no array', JSON.stringify({ ...lines('web/a', 1), lines: 'x' })],
    ['lines without a line', JSON.stringify({ ...lines('web/a', 1), lines: [] })],
    ['lines without a number', JSON.stringify({ ...lines('web/a', 1), seq: 'x' })],
    ['lines of a channel that was not asked for', JSON.stringify(lines('web/b', 1))],
  ])('%s: the client connects again and says so', (_what, text) => {
    const world = new FakeWorld();
    world.client.subscribe('web/a');
    world.ready().say(subscribed('web/a'));
    world.socket.sayText(text);
    expect(world.socket.ended).toBe('dropped');
    expect(world.noticesOf('fault')).toHaveLength(1);
    world.reconnect();
    expect(world.socket.sentOf('subscribe')).toHaveLength(1);
  });

  test('a type that a newer hub may have added is passed over', () => {
    const world = new FakeWorld();
    world.ready().say({ type: 'fireworks', colour: 'red' } as unknown as HubMessage);
    expect(world.socket.ended).toBeUndefined();
  });
});

test('whatever an old connection still says is ignored', async () => {
  const world = new FakeWorld();
  const subscription = world.client.subscribe('web/a', { from: 'start' });
  const old = world.ready();
  old.say(subscribed('web/a'));
  world.reconnect().say(subscribed('web/a'), lines('web/a', 1), caughtUp('web/a', 2));
  old.say(lines('web/a', 1));
  old.end(4403);
  const events = subscription[Symbol.asyncIterator]();
  expect(await events.next()).toMatchObject({ value: { type: 'lines', seq: 1 } });
  expect(await events.next()).toMatchObject({ value: { type: 'caught_up' } });
  expect(world.socket.ended).toBeUndefined();
});

test('a client that failed says so to every subscription, also to later ones', async () => {
  const world = new FakeWorld();
  const early = world.client.subscribe('web/a')[Symbol.asyncIterator]();
  world.ready();
  world.socket.end(4403, { reason: 'this Origin may not connect' });
  const late = world.client.subscribe('web/b')[Symbol.asyncIterator]();
  for (const events of [early, late]) {
    const error = await events.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'forbidden', closeCode: 4403 });
    expect((error as Error).message).toMatch(/this Origin may not connect.*Next: /);
  }
});
