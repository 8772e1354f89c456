/** Subscriptions of a client whose hub the test plays, up to where something may be delivered. */
import type { SubscriptionEvent } from '../../client/events.js';
import type { Subscription } from '../../client/subscription.js';
import { FakeWorld, settle, subscribed } from './client-fakes.js';

/** Of one channel, announced before the line `seq`. */
export function startSubscription(name: string, seq = 1, window = 65_536) {
  const world = new FakeWorld();
  const subscription = world.client.subscribe(name, { from: 'start', window });
  const socket = world.ready();
  socket.say(subscribed(name, seq));
  return { world, socket, subscription };
}

/** Announced are web/a before its first line and web/b before its sixth; nothing was delivered yet. */
export function startPattern() {
  const world = new FakeWorld();
  const subscription = world.client.subscribe('web/*', { from: { tail: 9 } });
  const socket = world.ready();
  socket.say({ type: 'subscribed', channel: 'web/*' });
  socket.say(subscribed('web/a', 1, 'web/*'), subscribed('web/b', 6, 'web/*'));
  return { world, socket, subscription };
}

/** The next events, each dealt with; fewer where the iteration ends. */
export async function take(subscription: Subscription, count: number): Promise<SubscriptionEvent[]> {
  const events = subscription[Symbol.asyncIterator]();
  const taken: SubscriptionEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done === true) break;
    taken.push(value);
  }
  // Asking for one more deals with the last one; what it waits for comes later or never.
  if (taken.length === count) events.next().catch(() => {});
  await settle();
  return taken;
}
