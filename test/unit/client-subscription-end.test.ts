/** How a subscription ends: refused, withdrawn, left, or with its client. */
import { describe, expect, test } from 'vitest';
import { caughtUp, lines, subscribed } from '../support/client-fakes.js';
import { startSubscription as start, startPattern, take } from '../support/client-subscriptions.js';

describe('refusals', () => {
  test('end the subscription with a typed error, after what was received', async () => {
    const { socket, subscription } = start('web/a');
    socket.say(lines('web/a', 1), refusal('forbidden', 'web/a'));
    const events = subscription[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { seq: 1 } });
    await expect(events.next()).rejects.toMatchObject({
      name: 'ClientError',
      code: 'forbidden',
      channel: 'web/a',
    });
  });

  test('that the hub goes on working at are notices', () => {
    const { world, socket } = start('web/a');
    const message = 'the log store is away';
    socket.say({ type: 'error', code: 'store_unavailable', message, retryable: true });
    socket.say({ type: 'error', code: 'internal', message, channel: 'web/a', retryable: true });
    expect(world.noticesOf('hub_error')).toMatchObject([
      { code: 'store_unavailable', message },
      { code: 'internal' },
    ]);
  });

  test('by a fresh token end the iteration', async () => {
    const { socket, subscription } = start('web/a');
    socket.say({ type: 'unsubscribed', channel: 'web/a', reason: 'forbidden' });
    await expect(take(subscription, 1)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('of one channel of a pattern are an event, and its cursor goes', async () => {
    const { socket, subscription } = startPattern();
    socket.say(
      lines('web/a', 1),
      { type: 'unsubscribed', channel: 'web/a', reason: 'forbidden' },
      caughtUp('web/*'),
    );
    expect((await take(subscription, 3)).map(({ type }) => type)).toEqual([
      'lines',
      'unsubscribed',
      'caught_up',
    ]);
    expect([...subscription.cursors.keys()]).toEqual(['web/b']);
  });

  test('a channel that is delivered for a pattern already is not delivered twice, and that is said', async () => {
    const { world, socket } = startPattern();
    const single = world.client.subscribe('web/a');
    socket.say(subscribed('web/a', 1));
    await expect(take(single, 1)).rejects.toMatchObject({ code: 'already_subscribed', channel: 'web/a' });
  });
});

describe('leaving', () => {
  test('a name that is taken up again waits until the hub has let go of it', async () => {
    const { world, socket, subscription } = start('web/a');
    subscription.close();
    const second = world.client.subscribe('web/a', { from: 'start' });
    expect(socket.sentOf('subscribe')).toHaveLength(1);
    socket.say(lines('web/a', 7), { type: 'unsubscribed', channel: 'web/a', reason: 'requested' });
    expect(socket.sentOf('subscribe')).toHaveLength(2);
    socket.say(subscribed('web/a'), lines('web/a', 1));
    expect(await take(second, 1)).toMatchObject([{ seq: 1 }]);
  });

  test('a subscription that the hub had refused meanwhile is over as well', () => {
    const { world, socket, subscription } = start('web/a');
    subscription.close();
    world.client.subscribe('web/a');
    socket.say(refusal('not_subscribed', 'web/a'));
    expect(socket.sentOf('subscribe')).toHaveLength(2);
  });

  test('ends the iteration, also one that waits', async () => {
    const { subscription } = start('web/a');
    const waiting = subscription[Symbol.asyncIterator]().next();
    subscription.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await take(subscription, 1)).toEqual([]);
  });

  test('the client ends every iteration', async () => {
    const { world, subscription } = start('web/a');
    const waiting = subscription[Symbol.asyncIterator]().next();
    world.client.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await expect(take(world.client.subscribe('web/b'), 1)).rejects.toMatchObject({ code: 'closed' });
  });
});

function refusal(code: 'forbidden' | 'not_subscribed', channel: string) {
  return { type: 'error', code, message: 'no', channel, retryable: false } as const;
}
