/** What a subscription yields, asks for, remembers and acknowledges. */
import { describe, expect, test } from 'vitest';
import type { HubMessage } from '../../shared/protocol/index.js';
import { caughtUp, cursorAt, FakeWorld, lines, subscribed } from '../support/client-fakes.js';
import { startSubscription as start, startPattern, take } from '../support/client-subscriptions.js';

describe('a subscription', () => {
  test('asks with what it was given, with a window by default', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a');
    world.client.subscribe('web/*', { from: { tail: 5 }, policy: 'latest', window: 1_000 });
    expect(world.ready().sentOf('subscribe')).toEqual([
      { type: 'subscribe', channel: 'web/a', from: 'now', policy: 'complete', window: 65_536 },
      { type: 'subscribe', channel: 'web/*', from: { tail: 5 }, policy: 'latest', window: 1_000 },
    ]);
  });

  test('asks for no more than the hub allows', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a');
    expect(world.ready({ windowLines: 500 }).sentOf('subscribe')).toMatchObject([{ window: 500 }]);
  });

  test('yields lines, gaps and caught_up as values, in order', async () => {
    const { socket, subscription } = start('web/a');
    const gap = {
      type: 'gap',
      channel: 'web/a',
      reason: 'trimmed',
      from: 3,
      to: 9,
      lines: 7,
      seq: 10,
    } as const;
    socket.say(
      lines('web/a', 1, 2),
      { ...gap, cursor: cursorAt(10) },
      lines('web/a', 10),
      caughtUp('web/a', 11),
    );
    expect(await take(subscription, 4)).toMatchObject([
      {
        type: 'lines',
        channel: 'web/a',
        seq: 1,
        at: 1_000,
        lines: ['line 1', 'line 2'],
        cursor: cursorAt(3),
      },
      { ...gap, cursor: cursorAt(10) },
      { type: 'lines', seq: 10, source: { id: 's', host: 'h', path: '/p' } },
      { type: 'caught_up', cursor: cursorAt(11) },
    ]);
  });

  test.each([
    ['a name that is none', 'a//b', {}],
    ['a window of nothing', 'a', { window: 0 }],
    ['a cursor that is none', 'a', { from: { cursor: 'x' } }],
  ])('is refused at once for %s', (_what, name, options) => {
    const { client } = new FakeWorld();
    expect(() => client.subscribe(name, options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('of a name that is subscribed is refused, until that one is closed', () => {
    const { client } = new FakeWorld();
    const first = client.subscribe('web/a');
    expect(() => client.subscribe('web/a')).toThrow(expect.objectContaining({ code: 'already_subscribed' }));
    first.close();
    expect(() => client.subscribe('web/a')).not.toThrow();
  });

  test('has one reader at a time', async () => {
    const { subscription } = start('web/a');
    const events = subscription[Symbol.asyncIterator]();
    void events.next();
    await expect(events.next()).rejects.toMatchObject({ code: 'concurrent_read' });
  });
});

describe('the cursor', () => {
  test('covers an event only when the next one is asked for', async () => {
    const { socket, subscription } = start('web/a');
    const events = subscription[Symbol.asyncIterator]();
    socket.say(lines('web/a', 1, 3), lines('web/a', 4));
    expect(subscription.cursor).toBe(cursorAt(1));
    await events.next();
    expect(subscription.cursor).toBe(cursorAt(1));
    await events.next();
    expect(subscription.cursor).toBe(cursorAt(4));
  });

  test('does not cover the event at which a loop was left', async () => {
    const { socket, subscription } = start('web/a');
    socket.say(lines('web/a', 1), lines('web/a', 2));
    for await (const event of subscription) if (event.type === 'lines' && event.seq === 2) break;
    expect(subscription.cursor).toBe(cursorAt(2));
    expect(socket.sentOf('unsubscribe')).toHaveLength(1);
  });

  test('is there before anything was received', () => {
    const { subscription } = start('web/a', 41);
    expect(subscription.cursor).toBe(cursorAt(41));
  });

  test('of a channel stays at its start while what was received is not read', () => {
    const { world, socket, subscription } = start('web/a');
    socket.say(lines('web/a', 1, 3), trimmed(4, 9), lines('web/a', 10), caughtUp('web/a', 11));
    world.reconnect().say(subscribed('web/a', 11), lines('web/a', 11));
    expect(subscription.cursors).toEqual(new Map([['web/a', cursorAt(1)]]));
  });

  test.each([
    ['lines', lines('web/a', 1, 3), 4],
    ['a gap', trimmed(1, 9), 10],
  ])(
    'of every channel of a pattern stays at its start while %s, received first, is not read',
    async (_what, first, next) => {
      const { world, socket, subscription } = startPattern();
      socket.say(first, lines('web/b', 6), caughtUp('web/*'));
      const starts = new Map([
        ['web/a', cursorAt(1)],
        ['web/b', cursorAt(6)],
      ]);
      expect(subscription.cursors).toEqual(starts);
      world.reconnect().say(subscribed('web/a', next, 'web/*'), subscribed('web/b', 7, 'web/*'));
      expect(subscription.cursors).toEqual(starts);
      await take(subscription, 1);
      expect(subscription.cursors).toEqual(new Map([...starts, ['web/a', cursorAt(next)]]));
    },
  );

  test('of a channel that left a pattern and came back is not that of lines which are not read', async () => {
    const { world, socket, subscription } = startPattern();
    socket.say(
      lines('web/b', 6),
      { type: 'unsubscribed', channel: 'web/a', reason: 'forbidden' },
      subscribed('web/a', 1, 'web/*'),
      lines('web/a', 1, 5),
    );
    await take(subscription, 2);
    world.reconnect().say(subscribed('web/a', 6, 'web/*'), caughtUp('web/*'));
    expect(subscription.cursors.get('web/a')).not.toBe(cursorAt(6));
  });

  test('of a pattern is not there after a message that was not taken', () => {
    const { socket, subscription } = startPattern();
    socket.say(lines('web/a', 2));
    expect(subscription.cursors.size).toBe(0);
  });

  test('is the given one before there is a connection', () => {
    const { client } = new FakeWorld();
    expect(client.subscribe('web/a', { from: { cursor: cursorAt(7) } }).cursor).toBe(cursorAt(7));
    expect(client.subscribe('web/**', { from: { cursors: { 'web/b': cursorAt(3) } } }).cursors).toEqual(
      new Map([['web/b', cursorAt(3)]]),
    );
  });
});

describe('after a break', () => {
  test('it goes on behind what was received, whether that was read or not', async () => {
    const { world, socket, subscription } = start('web/a');
    socket.say(lines('web/a', 1, 3), lines('web/a', 4));
    const again = world.reconnect();
    expect(again.sentOf('subscribe')).toMatchObject([{ from: { cursor: cursorAt(5) } }]);
    again.say(subscribed('web/a', 5), lines('web/a', 5));
    expect((await take(subscription, 3)).map((event) => 'seq' in event && event.seq)).toEqual([1, 4, 5]);
  });

  test('it asks for the same start again where none was announced', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a', { from: { tail: 3 } });
    world.ready();
    expect(world.reconnect().sentOf('subscribe')).toMatchObject([{ from: { tail: 3 } }]);
  });

  test('it is not asked for again before its reader has made room', async () => {
    const { world, socket, subscription } = start('web/a', 1, 10);
    socket.say(lines('web/a', 1, 4), lines('web/a', 5, 4));
    const again = world.reconnect();
    expect(again.sentOf('subscribe')).toEqual([]);
    await take(subscription, 2);
    expect(again.sentOf('subscribe')).toMatchObject([{ from: { cursor: cursorAt(9) } }]);
  });

  test('a pattern goes on from every place, and new channels of it from their first line', () => {
    const { world, socket } = startPattern();
    socket.say(lines('web/a', 1, 2), subscribed('web/c', 1, 'web/*'));
    expect(world.reconnect().sentOf('subscribe')).toMatchObject([
      { from: { cursors: { 'web/a': cursorAt(3), 'web/b': cursorAt(6), 'web/c': cursorAt(1) } } },
    ]);
  });

  test('a pattern that was cut off before it delivered anything begins anew, since its channels are not all known', () => {
    const { world, subscription } = startPattern();
    expect(world.reconnect().sentOf('subscribe')).toMatchObject([{ from: { tail: 9 } }]);
    expect(subscription.cursors.size).toBe(0);
  });

  test('a pattern that has caught up without a line goes on from its places', () => {
    const { world, socket, subscription } = startPattern();
    socket.say(caughtUp('web/a', 1), caughtUp('web/b', 6), caughtUp('web/*'));
    expect(subscription.cursors.size).toBe(2);
    expect(world.reconnect().sentOf('subscribe')).toMatchObject([
      { from: { cursors: { 'web/b': cursorAt(6) } } },
    ]);
  });

  test('more channels than one request can name end the subscription with the next step', async () => {
    const world = new FakeWorld();
    const subscription = world.client.subscribe('**', { from: 'start' });
    const socket = world.ready();
    socket.say({ type: 'subscribed', channel: '**' });
    for (let index = 0; index < 2_001; index += 1) socket.say(subscribed(`c${index}`, 1, '**'));
    socket.say(caughtUp('**'));
    await take(subscription, 1);
    world.reconnect();
    await expect(take(subscription, 1)).rejects.toMatchObject({ code: 'limit', channel: '**' });
  });
});

test('a request that is larger than the hub takes ends the subscription with the next step', async () => {
  const world = new FakeWorld();
  const subscription = world.client.subscribe('web/*', { from: { cursors: { 'web/a': cursorAt(1) } } });
  world.ready({ messageBytes: 50 });
  await expect(take(subscription, 1)).rejects.toMatchObject({
    code: 'limit',
    message: expect.stringMatching(/narrower/),
  });
  expect(world.socket.sent).toEqual([]);
});

/** A gap of web/a. */
function trimmed(from: number, to: number): HubMessage {
  const seq = to + 1;
  const span = { from, to, lines: seq - from, seq, cursor: cursorAt(seq) };
  return { type: 'gap', channel: 'web/a', reason: 'trimmed', ...span };
}
