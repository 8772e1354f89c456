/**
 * The channels that one connection reads: one subscription for each, however many requests want it. Stands
 * between a subscription and what it needs of connection and store; decides no rights.
 */
import type { ChannelId } from '../shared/protocol/channel.js';
import type { Gap } from '../shared/protocol/continuity.js';
import type { Position } from '../shared/protocol/cursor.js';
import type { HubMessage } from '../shared/protocol/messages.js';
import type { LogReader, StartPoint } from '../shared/store/log-store.js';
import type { Feeds } from './feeds.js';
import type { Metrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import type { Request } from './request.js';
import type { StoreHealth } from './store-health.js';
import { Subscription } from './subscription.js';
import type { Start, SubscriptionOwner } from './subscription-owner.js';

/** Pages that are read, or were read and not delivered, for one connection. */
const PAGES_AT_ONCE = 8;

export interface SubscribedChannelsContext {
  readonly reader: LogReader;
  readonly feeds: Feeds;
  readonly health: StoreHealth;
  readonly metrics: Metrics;
  readonly channelsMax: number;
}

/** The connection, as far as its subscriptions need it. */
export interface Client {
  readonly canInflate: boolean;
  readonly outbox: Outbox;
  send(message: HubMessage): void;
}

/** Returns what else there is to say after `caught_up` of a channel. */
export type OnCaughtUp = (channel: string) => readonly HubMessage[];

export class SubscribedChannels implements SubscriptionOwner {
  readonly #context: SubscribedChannelsContext;
  readonly #client: Client;
  readonly #tenant: string;
  readonly #onCaughtUp: OnCaughtUp;
  readonly #subscriptions = new Map<string, Subscription>();
  #wanted = 0;
  #outageTold = 0;
  readonly #readers = new Set<Subscription>();
  readonly #waitingReaders = new Set<Subscription>();

  constructor(context: SubscribedChannelsContext, client: Client, tenant: string, onCaughtUp: OnCaughtUp) {
    this.#context = context;
    this.#client = client;
    this.#tenant = tenant;
    this.#onCaughtUp = onCaughtUp;
  }

  get canInflate(): boolean {
    return this.#client.canInflate;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  get names(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  /** Whether one more request may want one more channel; what several want counts as often. */
  get hasRoom(): boolean {
    return this.#wanted < this.#context.channelsMax;
  }

  /** The place after what was delivered of a channel. */
  placeOf(channel: string): Position | undefined {
    return this.#subscriptions.get(channel)?.cursor;
  }

  isCaughtUp(channel: string): boolean {
    return this.#subscriptions.get(channel)?.isCaughtUp ?? false;
  }

  /** Delivers a channel for one more request: from `start`, or from where it is if it is delivered already. */
  want(channel: string, start: Start, request: Request): void {
    let subscription = this.#subscriptions.get(channel);
    if (subscription === undefined) {
      const feed = this.#context.feeds.get({ tenant: this.#tenant, channel });
      subscription = new Subscription(feed, start, request.options, this);
      this.#subscriptions.set(channel, subscription);
    }
    request.channels.add(channel);
    this.#wanted += 1;
    subscription.want(request.announcedAs);
  }

  /** A request does not want a channel any more. */
  release(channel: string, request: Request): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription === undefined || !request.channels.delete(channel)) return;
    this.#wanted -= 1;
    if (subscription.release(request.announcedAs)) return;
    this.#subscriptions.delete(channel);
    this.#client.outbox.forget(subscription);
    subscription.close();
  }

  /** Tells where a channel is to a request that has it alone now. */
  passTo(channel: string, request: Request): void {
    this.#subscriptions.get(channel)?.passTo(request.announcedAs);
  }

  ack(channel: string, position: Position): void {
    this.#subscriptions.get(channel)?.ack(position);
  }

  /** Tells of the present outage of the store, once. */
  tellOutage(): void {
    if (this.#outageTold === this.#context.health.outages) return;
    this.#outageTold = this.#context.health.outages;
    const message = 'the log store is not available now; lines go on by themselves when it is back';
    this.#client.send({ type: 'error', code: 'store_unavailable', message, retryable: true });
  }

  close(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
  }

  locate(id: ChannelId, start: StartPoint): Promise<Position> {
    return this.#context.reader.locate(id, start);
  }

  admitRead(subscription: Subscription): boolean {
    const isAdmitted = this.#readers.has(subscription) || this.#readers.size < PAGES_AT_ONCE;
    if (isAdmitted) this.#readers.add(subscription);
    else this.#waitingReaders.add(subscription);
    return isAdmitted;
  }

  readDone(subscription: Subscription): void {
    this.#waitingReaders.delete(subscription);
    this.#readers.delete(subscription);
    const [next] = this.#waitingReaders;
    if (next === undefined || this.#readers.size >= PAGES_AT_ONCE) return;
    this.#waitingReaders.delete(next);
    this.wake(next);
  }

  wake(subscription: Subscription): void {
    this.#client.outbox.wake(subscription);
  }

  caughtUp({ channel }: Subscription): readonly HubMessage[] {
    return this.#onCaughtUp(channel);
  }

  storeFailed({ channel }: Subscription, error: unknown): boolean {
    const isOutage = this.#context.health.failed(error, `reading channel ${this.#tenant}/${channel}`);
    if (isOutage) this.tellOutage();
    return isOutage;
  }

  countLines(lines: number): void {
    this.#context.metrics.countFrame(lines);
  }

  countGap({ reason }: Gap): void {
    this.#context.metrics.gaps.inc({ reason });
  }
}
