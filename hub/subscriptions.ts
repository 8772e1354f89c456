/**
 * All that one connection subscribed to: requests (channels and patterns as asked for) and the subscriptions
 * that they come to, one for each channel however many requests match it. Rights are decided here, before
 * anything is asked of the store.
 */
import type { ChannelId } from '../shared/protocol/channel.js';
import type { Gap } from '../shared/protocol/continuity.js';
import { type Position, parseCursor } from '../shared/protocol/cursor.js';
import type {
  ClientMessage,
  ErrorCode,
  HubMessage,
  SubscribeMessage,
  UnsubscribedReason,
} from '../shared/protocol/messages.js';
import type { LogReader, StartPoint } from '../shared/store/log-store.js';
import type { ReadAccess } from './access.js';
import type { Directories, Directory, DirectoryListener } from './directory.js';
import type { Feeds } from './feeds.js';
import type { Metrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import { FROM_FIRST_LINE, Request } from './request.js';
import type { StoreHealth } from './store-health.js';
import { type Start, Subscription, type SubscriptionOwner } from './subscription.js';

export interface SubscriptionsContext {
  readonly reader: LogReader;
  readonly feeds: Feeds;
  readonly directories: Directories;
  readonly health: StoreHealth;
  readonly metrics: Metrics;
  readonly subscriptionsMax: number;
  readonly channelsMax: number;
}

/** The connection, as far as its subscriptions need it. */
export interface Client {
  readonly canInflate: boolean;
  readonly outbox: Outbox;
  send(message: HubMessage): void;
}

export class Subscriptions implements SubscriptionOwner, DirectoryListener {
  readonly canInflate: boolean;
  readonly #context: SubscriptionsContext;
  readonly #client: Client;
  readonly #tenant: string;
  readonly #requests = new Map<string, Request>();
  readonly #byChannel = new Map<string, Subscription>();
  #access: ReadAccess;
  #directory: Directory | undefined;
  #outageTold = 0;

  constructor(context: SubscriptionsContext, client: Client, tenant: string, access: ReadAccess) {
    this.#context = context;
    this.#client = client;
    this.#tenant = tenant;
    this.#access = access;
    this.canInflate = client.canInflate;
  }

  get channels(): number {
    return this.#byChannel.size;
  }

  subscribe(message: SubscribeMessage): void {
    const request = new Request(message);
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.#client.send(refusal);
      return;
    }
    this.#requests.set(request.pattern, request);
    if (this.#context.health.isDown) this.tellOutage();
    if (!request.isPattern) {
      this.#attach(request, request.pattern, request.startOf(request.pattern));
      return;
    }
    this.#client.send({ type: 'subscribed', channel: request.pattern });
    void this.#list(request);
  }

  unsubscribe({ channel }: Extract<ClientMessage, { type: 'unsubscribe' }>): void {
    const request = this.#requests.get(channel);
    if (request === undefined) {
      this.#client.send(refuse('not_subscribed', channel, 'there is no subscription of this name'));
      return;
    }
    this.#end(request);
    this.#sendUnsubscribed(channel, 'requested');
  }

  ack({ channel, cursor }: Extract<ClientMessage, { type: 'ack' }>): void {
    const position = parseCursor(cursor);
    if (position !== undefined) this.#byChannel.get(channel)?.ack(position);
  }

  /** Puts other rights into force at once: ends what they no longer allow, and finds what they allow now. */
  changeAccess(access: ReadAccess): void {
    this.#access = access;
    for (const channel of [...this.#byChannel.keys()]) {
      if (!access.allows(channel)) this.#forbid(channel);
    }
    for (const request of this.#requests.values()) {
      if (request.isPattern) void this.#list(request);
    }
  }

  tellOutage(): void {
    if (this.#outageTold === this.#context.health.outages || this.#requests.size === 0) return;
    this.#outageTold = this.#context.health.outages;
    const message = 'the log store is not available now; lines go on by themselves when it is back';
    this.#client.send({ type: 'error', code: 'store_unavailable', message, retryable: true });
  }

  close(): void {
    this.#directory?.delete(this);
    for (const request of this.#requests.values()) request.isOpen = false;
    for (const subscription of this.#byChannel.values()) subscription.close();
    this.#requests.clear();
    this.#byChannel.clear();
  }

  channelsAppeared(channels: readonly string[]): void {
    for (const request of this.#requests.values()) {
      if (!request.isPattern || !request.isListed) continue;
      for (const channel of channels) this.#attachMatch(request, channel, FROM_FIRST_LINE);
    }
  }

  locate(id: ChannelId, start: StartPoint): Promise<Position> {
    return this.#context.reader.locate(id, start);
  }

  wake(subscription: Subscription): void {
    this.#client.outbox.wake(subscription);
  }

  caughtUp({ channel }: Subscription): readonly HubMessage[] {
    return [...this.#requests.values()]
      .filter((request) => isLastPending(request, channel))
      .map(caughtUpWith);
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

  #refusal(request: Request): HubMessage | undefined {
    const { pattern, problem } = request;
    const isAllowed = request.isPattern ? this.#access.mayMatch(pattern) : this.#access.allows(pattern);
    if (!isAllowed) return refuse('forbidden', pattern, 'the token does not allow reading this');
    if (problem !== undefined) return refuse('bad_request', pattern, problem);
    if (this.#requests.has(pattern)) {
      return refuse('already_subscribed', pattern, 'this is subscribed to already; unsubscribe first');
    }
    const { subscriptionsMax } = this.#context;
    if (this.#requests.size >= subscriptionsMax) {
      return refuse(
        'limit',
        pattern,
        `a connection may have ${subscriptionsMax} subscriptions; use a pattern`,
      );
    }
    return request.isPattern || this.#hasRoomFor(pattern) ? undefined : this.#tooManyChannels(pattern);
  }

  #hasRoomFor(channel: string): boolean {
    return this.#byChannel.size < this.#context.channelsMax || this.#byChannel.has(channel);
  }

  #tooManyChannels(pattern: string): HubMessage {
    const most = this.#context.channelsMax;
    return refuse('limit', pattern, `a connection may read ${most} channels; use another one for the rest`);
  }

  /** Subscribes to the channels that exist now. Those that appear meanwhile are in the listing as well. */
  async #list(request: Request): Promise<void> {
    this.#directory ??= this.#context.directories.get(this.#tenant);
    this.#directory.add(this);
    const existing = await this.#directory.list();
    if (!request.isOpen) return;
    const isFirst = !request.isListed;
    request.isListed = true;
    for (const channel of [...request.resumed, ...existing]) {
      this.#attachMatch(request, channel, request.startOf(channel));
    }
    if (isFirst) this.#awaitTips(request);
  }

  #awaitTips(request: Request): void {
    const behind = [...request.channels].filter((channel) => !this.#byChannel.get(channel)?.isCaughtUp);
    if (behind.length === 0) this.#client.send(caughtUpWith(request));
    else request.pending = new Set(behind);
  }

  #attachMatch(request: Request, channel: string, start: Start): void {
    if (request.channels.has(channel)) return;
    if (request.matches(channel) && this.#access.allows(channel)) this.#attach(request, channel, start);
  }

  #attach(request: Request, channel: string, start: Start): void {
    if (!this.#hasRoomFor(channel)) {
      if (!request.isOverLimit) this.#client.send(this.#tooManyChannels(request.pattern));
      request.isOverLimit = true;
      return;
    }
    const subscription = this.#byChannel.get(channel) ?? this.#open(request, channel, start);
    subscription.wanted += 1;
    request.channels.add(channel);
    subscription.announceTo(request.isPattern ? request.pattern : undefined);
  }

  #open(request: Request, channel: string, start: Start): Subscription {
    const feed = this.#context.feeds.get({ tenant: this.#tenant, channel });
    const subscription = new Subscription(feed, start, request.options, this);
    this.#byChannel.set(channel, subscription);
    return subscription;
  }

  #end(request: Request): void {
    request.isOpen = false;
    this.#requests.delete(request.pattern);
    for (const channel of request.channels) this.#release(channel);
  }

  #release(channel: string): void {
    const subscription = this.#byChannel.get(channel);
    if (subscription === undefined) return;
    subscription.wanted -= 1;
    if (subscription.wanted === 0) this.#drop(subscription);
  }

  #drop(subscription: Subscription): void {
    this.#byChannel.delete(subscription.channel);
    this.#client.outbox.forget(subscription);
    subscription.close();
  }

  #forbid(channel: string): void {
    const subscription = this.#byChannel.get(channel);
    if (subscription !== undefined) this.#drop(subscription);
    this.#sendUnsubscribed(channel, 'forbidden');
    for (const request of this.#requests.values()) {
      if (!request.channels.delete(channel)) continue;
      if (!request.isPattern) this.#requests.delete(request.pattern);
      else if (isLastPending(request, channel)) this.#client.send(caughtUpWith(request));
    }
  }

  #sendUnsubscribed(channel: string, reason: UnsubscribedReason): void {
    this.#client.send({ type: 'unsubscribed', channel, reason });
  }
}

/** Takes a channel off the list of those that a pattern waits for; true if it was the last. */
function isLastPending(request: Request, channel: string): boolean {
  if (request.pending?.delete(channel) !== true || request.pending.size > 0) return false;
  request.pending = undefined;
  return true;
}

function caughtUpWith({ pattern }: Request): HubMessage {
  return { type: 'caught_up', channel: pattern };
}

function refuse(code: ErrorCode, channel: string, message: string): HubMessage {
  return { type: 'error', code, message, channel, retryable: false };
}
