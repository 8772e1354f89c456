/**
 * What one connection asked for: its requests, and the channels that they come to under its rights. Rights are
 * decided here, before anything is asked of the store, so that a refusal tells nothing of what exists.
 */
import { parseCursor } from '../shared/protocol/cursor.js';
import type {
  ClientMessage,
  ErrorCode,
  HubMessage,
  SubscribeMessage,
  UnsubscribedReason,
} from '../shared/protocol/messages.js';
import type { ReadAccess } from './access.js';
import type { Directories, Directory, DirectoryListener } from './directory.js';
import { FROM_FIRST_LINE, Request } from './request.js';
import { type Client, SubscribedChannels, type SubscribedChannelsContext } from './subscribed-channels.js';
import type { Start } from './subscription-owner.js';

export interface SubscriptionsContext extends SubscribedChannelsContext {
  readonly directories: Directories;
  readonly subscriptionsMax: number;
}

export class Subscriptions implements DirectoryListener {
  readonly #context: SubscriptionsContext;
  readonly #client: Client;
  readonly #tenant: string;
  readonly #requests = new Map<string, Request>();
  readonly #channels: SubscribedChannels;
  #access: ReadAccess;
  #directory: Directory | undefined;

  constructor(context: SubscriptionsContext, client: Client, tenant: string, access: ReadAccess) {
    this.#context = context;
    this.#client = client;
    this.#tenant = tenant;
    this.#access = access;
    this.#channels = new SubscribedChannels(context, client, tenant, (channel) => this.#caughtUp(channel));
  }

  /** Channels that are delivered. */
  get size(): number {
    return this.#channels.size;
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
      this.#attachName(request);
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
    request.isOpen = false;
    this.#requests.delete(channel);
    const names = [...request.channels];
    for (const name of names) this.#channels.release(name, request);
    this.#sendUnsubscribed(channel, 'requested');
    for (const name of names) this.#passOn(name);
    this.#useRoom();
  }

  /** A channel that another request wants as well goes on under that one, and the client is told from where. */
  #passOn(channel: string): void {
    const heir = [...this.#requests.values()].find(({ channels }) => channels.has(channel));
    if (heir !== undefined) this.#channels.passTo(channel, heir);
  }

  /** Takes up what was left out for want of room. */
  #useRoom(): void {
    if (!this.#channels.hasRoom) return;
    for (const request of this.#requests.values()) {
      if (!request.isOverLimit) continue;
      request.isOverLimit = false;
      void this.#list(request);
    }
  }

  ack({ channel, cursor }: Extract<ClientMessage, { type: 'ack' }>): void {
    const position = parseCursor(cursor);
    if (position !== undefined) this.#channels.ack(channel, position);
  }

  /** Puts other rights into force at once: ends what they no longer allow, and finds what they allow now. */
  changeAccess(access: ReadAccess): void {
    this.#access = access;
    const literal = [...this.#requests.values()].filter(({ isPattern }) => !isPattern);
    const names = new Set([...this.#channels.names, ...literal.map(({ pattern }) => pattern)]);
    for (const channel of names) {
      if (!access.allows(channel)) this.#forbid(channel);
    }
    for (const request of this.#requests.values()) {
      if (request.isPattern) void this.#list(request);
    }
  }

  tellOutage(): void {
    if (this.#requests.size > 0) this.#channels.tellOutage();
  }

  close(): void {
    this.#directory?.delete(this);
    for (const request of this.#requests.values()) request.isOpen = false;
    this.#requests.clear();
    this.#channels.close();
  }

  channelsAppeared(channels: readonly string[]): void {
    for (const request of this.#requests.values()) {
      if (!request.isPattern || !request.isListed) continue;
      for (const channel of channels) this.#attachMatch(request, channel, FROM_FIRST_LINE);
    }
  }

  #refusal(request: Request): HubMessage | undefined {
    const { pattern, problem, isPattern } = request;
    const isAllowed = isPattern ? this.#access.mayMatch(pattern) : this.#access.allows(pattern);
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
    return isPattern || this.#channels.hasRoom ? undefined : this.#tooManyChannels(pattern);
  }

  #tooManyChannels(pattern: string): HubMessage {
    const most = this.#context.channelsMax;
    return refuse('limit', pattern, `a connection may read ${most} channels; use another one for the rest`);
  }

  /**
   * The request that came first decides where a channel starts: one for a name waits for the listing of earlier
   * patterns that match it.
   */
  #attachName(request: Request): void {
    for (const other of this.#requests.values()) {
      if (other.isPattern && !other.isListed && other.matches(request.pattern)) return;
    }
    request.isListed = true;
    this.#attach(request, request.pattern, request.startOf(request.pattern));
    // Refused for want of room: then there is no such subscription.
    if (request.isOverLimit) this.#requests.delete(request.pattern);
  }

  /** Subscribes to the channels that exist now. */
  async #list(request: Request): Promise<void> {
    this.#directory ??= this.#context.directories.get(this.#tenant);
    this.#directory.add(this);
    const existing = await this.#directory.list();
    if (request.isOpen) this.#attachListed(request, existing);
    for (const other of [...this.#requests.values()]) {
      if (!other.isPattern && !other.isListed) this.#attachName(other);
    }
  }

  #attachListed(request: Request, existing: readonly string[]): void {
    const isFirst = !request.isListed;
    request.isListed = true;
    for (const channel of [...request.resumed, ...existing]) {
      this.#attachMatch(request, channel, request.startOf(channel));
    }
    if (!isFirst) return;
    const behind = [...request.channels].filter((channel) => !this.#channels.isCaughtUp(channel));
    if (behind.length === 0) this.#client.send(caughtUpWith(request));
    else request.pending = new Set(behind);
  }

  #attachMatch(request: Request, channel: string, start: Start): void {
    if (request.channels.has(channel)) return;
    if (request.matches(channel) && this.#access.allows(channel)) this.#attach(request, channel, start);
  }

  #attach(request: Request, channel: string, start: Start): void {
    if (this.#channels.hasRoom) {
      request.left.delete(channel);
      this.#channels.want(channel, start, request);
    } else if (!request.isOverLimit) {
      request.isOverLimit = true;
      this.#client.send(this.#tooManyChannels(request.pattern));
    }
  }

  #forbid(channel: string): void {
    this.#sendUnsubscribed(channel, 'forbidden');
    for (const request of this.#requests.values()) {
      const place = this.#channels.placeOf(channel);
      if (place !== undefined && request.channels.has(channel)) request.left.set(channel, place);
      this.#channels.release(channel, request);
      if (request.pattern === channel) this.#requests.delete(channel);
      if (isLastPending(request, channel)) this.#client.send(caughtUpWith(request));
    }
  }

  #caughtUp(channel: string): readonly HubMessage[] {
    return [...this.#requests.values()]
      .filter((request) => isLastPending(request, channel))
      .map(caughtUpWith);
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
