/** A reader that is slower than the hub: what is acknowledged, what is held, and when the hub is told to stop. */
import { describe, expect, test } from 'vitest';
import type { Subscription } from '../../client/subscription.js';
import { cursorAt, type FakeSocket, FakeWorld, lines, settle, subscribed } from '../support/client-fakes.js';

describe('acknowledgements', () => {
  test('come when half of the window is dealt with, and not before', async () => {
    const { socket, read } = start({ window: 10 });
    socket.say(lines('web/a', 1, 2), lines('web/a', 3, 2), lines('web/a', 5, 2), lines('web/a', 7, 2));
    await read(3);
    expect(socket.sentOf('ack')).toEqual([]);
    await read(1);
    expect(socket.sentOf('ack')).toEqual([{ type: 'ack', channel: 'web/a', cursor: cursorAt(7) }]);
  });

  test('name each channel by itself', async () => {
    const { socket, read } = start({ window: 4 });
    socket.say(subscribed('web/b', 1, 'web/*'), lines('web/a', 1, 2), lines('web/b', 1), lines('web/a', 3));
    await read(3);
    expect(socket.sentOf('ack')).toEqual([{ type: 'ack', channel: 'web/a', cursor: cursorAt(3) }]);
  });

  test('come in rounds with a pause, however small the window is', async () => {
    const { world, socket, read } = start({ window: 1 });
    for (let seq = 1; seq <= 100; seq += 1) socket.say(lines('web/a', seq));
    await read(51);
    expect(socket.sentOf('ack')).toHaveLength(1);
    world.clock.advance(10);
    expect(socket.sentOf('ack')).toEqual([
      { type: 'ack', channel: 'web/a', cursor: cursorAt(2) },
      { type: 'ack', channel: 'web/a', cursor: cursorAt(51) },
    ]);
    world.clock.advance(1_000);
    expect(socket.sentOf('ack')).toHaveLength(2);
  });

  test('are not given for what an earlier connection brought', async () => {
    const { world, socket, read } = start({ window: 10 });
    socket.say(lines('web/a', 1, 5));
    const again = world.reconnect();
    expect(again.sentOf('subscribe')).toHaveLength(1);
    again.say(subscribed('web/a', 6, 'web/*'), lines('web/a', 6, 5));
    await read(2);
    expect(again.sentOf('ack')).toEqual([]);
    await read(1, false);
    expect(again.sentOf('ack')).toEqual([{ type: 'ack', channel: 'web/a', cursor: cursorAt(11) }]);
  });
});

describe('text that lies unread', () => {
  const MIB = 1024 * 1024;

  test('beyond the bound makes the client leave, drop what is under way, and come back for it', async () => {
    const { socket, read } = start();
    let seq = 1;
    while (socket.sentOf('unsubscribe').length === 0) {
      big(socket, seq, MIB);
      seq += 1;
    }
    expect(seq).toBeLessThan(40);
    const kept = seq - 1;
    for (let more = 0; more < 5; more += 1) big(socket, seq + more, MIB);
    socket.say({ type: 'unsubscribed', channel: 'web/*', reason: 'requested' });
    expect(socket.sentOf('subscribe')).toHaveLength(1);
    await read(kept - 14);
    expect(socket.sentOf('subscribe')[1]).toMatchObject({
      from: { cursors: { 'web/a': cursorAt(kept + 1) } },
    });
    expect(socket.ended).toBeUndefined();
  });

  test('is counted by event too, so that many empty lines are bounded', () => {
    const { socket } = start({ window: 1_000_000 });
    let seq = 1;
    while (socket.sentOf('unsubscribe').length === 0 && seq < 200_000) {
      socket.say(lines('web/a', seq));
      seq += 1;
    }
    expect(seq).toBeLessThan(200_000);
  });

  function big(socket: FakeSocket, seq: number, characters: number): void {
    const message = lines('web/a', seq);
    socket.say({ ...message, lines: ['x'.repeat(characters)] } as typeof message);
  }
});

function start(options: { window?: number } = {}) {
  const world = new FakeWorld();
  const subscription = world.client.subscribe('web/*', { from: 'start', ...options });
  const socket = world.ready();
  socket.say({ type: 'subscribed', channel: 'web/*' }, subscribed('web/a', 1, 'web/*'));
  return { world, socket, subscription, read: reader(subscription) };
}

/** Asks for so many events; the last one is not dealt with yet. */
function reader(subscription: Subscription) {
  const events = subscription[Symbol.asyncIterator]();
  return async (count: number, isThere = true): Promise<void> => {
    for (let asked = 0; asked < count; asked += 1) {
      const next = events.next();
      if (isThere) await next;
    }
    await settle();
  };
}
