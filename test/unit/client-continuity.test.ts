/** The client's own check that nothing is left out between two messages or two connections. */
import { describe, expect, test } from 'vitest';
import type { HubMessage } from '../../shared/protocol/index.js';
import { caughtUp, cursorAt, FakeWorld, lines, subscribed } from '../support/client-fakes.js';

describe('a message out of sequence', () => {
  test.each<[string, HubMessage]>([
    ['lines that begin too late', lines('web/a', 4)],
    ['lines that begin too early', lines('web/a', 2)],
    ['a gap that begins too late', gap('trimmed', 5, 9, 10)],
    ['a gap that does not reach to where delivery goes on', gap('skipped', 3, 8, 10)],
    ['a rewind to elsewhere', gap('rewound', 1, 2, 2)],
  ])('%s: is not delivered; the client comes back for what is missing', async (_what, message) => {
    const world = new FakeWorld();
    const subscription = world.client.subscribe('web/a', { from: 'start' });
    world.ready().say(subscribed('web/a'), lines('web/a', 1, 2), message, lines('web/a', 99));
    expect(world.socket.ended).toBe('dropped');
    const again = world.reconnect();
    expect(again.sentOf('subscribe')).toMatchObject([{ from: { cursor: cursorAt(3) } }]);
    again.say(subscribed('web/a', 3), lines('web/a', 3), caughtUp('web/a', 4));
    const seqs: number[] = [];
    for await (const event of subscription) {
      if (event.type === 'caught_up') break;
      if (event.type === 'lines') seqs.push(event.seq);
    }
    expect(seqs).toEqual([1, 3]);
  });

  test('across a break is noticed too', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a', { from: 'start' });
    world.ready().say(subscribed('web/a'), lines('web/a', 1, 2));
    world.reconnect().say(subscribed('web/a', 3), lines('web/a', 4));
    expect(world.noticesOf('fault')).toMatchObject([
      { channel: 'web/a', message: expect.stringMatching(/line 4 of web\/a where line 3/) },
    ]);
  });

  test('right after a start is noticed too', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a', { from: { tail: 3 } });
    world.ready().say(subscribed('web/a', 10), lines('web/a', 11));
    expect(world.noticesOf('fault')).toHaveLength(1);
  });

  test('three times in a row ends the subscription with a typed error, and no other one', async () => {
    const world = new FakeWorld();
    const events = world.client.subscribe('web/a', { from: 'start' })[Symbol.asyncIterator]();
    world.client.subscribe('web/b', { from: 'start' });
    world.ready().say(subscribed('web/a'), lines('web/a', 2));
    world.reconnect().say(subscribed('web/a'), lines('web/a', 2));
    const third = world.reconnect();
    third.say(subscribed('web/a'), lines('web/a', 2));
    await expect(events.next()).rejects.toMatchObject({ code: 'continuity', channel: 'web/a' });
    expect(third.ended).toBeUndefined();
    third.say({ type: 'unsubscribed', channel: 'web/a', reason: 'requested' });
    expect(third.sentOf('unsubscribe')).toEqual([{ type: 'unsubscribe', channel: 'web/a' }]);
  });

  test('is forgiven once good ones came', () => {
    const world = new FakeWorld();
    world.client.subscribe('web/a', { from: 'start' });
    world.ready().say(subscribed('web/a'));
    for (let seq = 1; seq <= 10; seq += 1) {
      world.socket.say(lines('web/a', seq), lines('web/a', seq + 5));
      world.reconnect().say(subscribed('web/a', seq + 1));
    }
    expect(world.noticesOf('fault')).toHaveLength(10);
  });
});

describe('a gap', () => {
  test.each<[string, HubMessage, number]>([
    ['trimmed', gap('trimmed', 3, 9, 10), 10],
    ['skipped', gap('skipped', 3, 9, 10), 10],
    ['unreadable', gap('unreadable', 3, 9, 10), 10],
    ['rewound', gap('rewound', 2, 2, 2), 2],
    ['recreated', gap('recreated', null, null, 1), 1],
  ])('%s sets the number that comes next', async (_reason, message, next) => {
    const world = new FakeWorld();
    const subscription = world.client.subscribe('web/a', { from: 'start' });
    world.ready().say(subscribed('web/a'), lines('web/a', 1, 2), message, lines('web/a', next));
    const types: string[] = [];
    for await (const event of subscription) {
      types.push(event.type);
      if (types.length === 3) break;
    }
    expect(types).toEqual(['lines', 'gap', 'lines']);
    expect(world.notices.map(({ type }) => type)).toEqual(['connected']);
  });
});

function gap(
  reason: 'trimmed' | 'skipped' | 'unreadable' | 'rewound' | 'recreated',
  from: number | null,
  to: number | null,
  seq: number,
): HubMessage {
  const count = from === null || to === null ? null : to - from + 1;
  return { type: 'gap', channel: 'web/a', reason, from, to, lines: count, seq, cursor: cursorAt(seq) };
}
