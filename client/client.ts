/**
 * A client: one connection and the subscriptions that share it. Routes each message of the hub to the
 * subscription that it belongs to, and asks again for all of them when there is a new connection. The socket,
 * the clock and the randomness come from outside.
 */
import {
  type ClientMessage,
  clientMessage,
  type HubMessage,
  type HubMessageOf,
} from '../shared/protocol/index.js';
import type { Clock } from './clock.js';
import { Connection, type ConnectionListener } from './connection.js';
import { ClientError } from './errors.js';
import type { ClientNotice } from './events.js';
import { BACKOFF_DEFAULT, type ConnectOptions, type SubscribeOptions } from './options.js';
import { Session } from './session.js';
import { hubUrl, type OpenSocket } from './socket.js';
import { ActiveSubscription, type Subscription, type SubscriptionPort } from './subscription.js';

/** What a program sees of a client. */
export interface Client {
  /**
   * Asks for a channel or a pattern. Returns at once; what goes wrong is thrown by the iteration. Throws a
   * `ClientError` for what no hub would accept, or when the name is subscribed already. A channel that two
   * patterns match is delivered for the one that asked first; to have it twice, use two clients.
   */
  subscribe(channelOrPattern: string, options?: SubscribeOptions): Subscription;
  /** Ends every subscription and the connection. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface Platform {
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** Returns at once and connects by itself. Throws a `ClientError` `bad_url`. */
export function createClient(options: ConnectOptions, platform: Platform): Client {
  const client = new HubClient(options, platform);
  client.start();
  return client;
}

class HubClient implements Client, ConnectionListener, SubscriptionPort {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #notify: (notice: ClientNotice) => void;
  readonly #subscriptions = new Map<string, ActiveSubscription>();
  /** What holds for the present connection; undefined while there is none. */
  #session: Session | undefined;
  #ended: ClientError | undefined;

  constructor(options: ConnectOptions, platform: Platform) {
    const { token, backoff = BACKOFF_DEFAULT, attemptsMax = Number.POSITIVE_INFINITY } = options;
    this.#clock = platform.clock;
    this.#notify = options.onNotice ?? (() => {});
    const settings = { ...platform, url: hubUrl(options.url), token, backoff, attemptsMax };
    this.#connection = new Connection(settings, this);
  }

  start(): void {
    this.#connection.start();
  }

  subscribe(name: string, options: SubscribeOptions = {}): Subscription {
    checkRequest(name, options);
    if (this.#subscriptions.has(name)) {
      throw new ClientError(
        'already_subscribed',
        `"${name}" is subscribed already: close that subscription first.`,
      );
    }
    const subscription = new ActiveSubscription(name, options, this, this.#clock);
    if (this.#ended !== undefined) {
      subscription.fail(this.#ended);
    } else {
      this.#subscriptions.set(name, subscription);
      this.resume(subscription);
    }
    return subscription;
  }

  close(): void {
    this.#ended ??= new ClientError('closed', 'The client was closed: connect anew.');
    this.#session = undefined;
    this.#connection.end();
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  onConnected({ limits }: HubMessageOf<'ready'>): void {
    this.#session = new Session(limits);
    for (const subscription of this.#subscriptions.values()) this.resume(subscription);
  }

  onDisconnected(): void {
    this.#session = undefined;
    for (const subscription of this.#subscriptions.values()) subscription.interrupted();
  }

  onFailed(error: ClientError): void {
    this.#ended = error;
    for (const subscription of this.#subscriptions.values()) subscription.fail(error);
    this.#subscriptions.clear();
  }

  onNotice(notice: ClientNotice): void {
    this.#notify(notice);
  }

  onMessage(message: HubMessage, size: number): void {
    const session = this.#session;
    if (session === undefined) return;
    switch (message.type) {
      case 'subscribed':
        this.#onSubscribed(session, message);
        break;
      case 'lines':
      case 'gap':
        this.#onLines(message, size);
        break;
      case 'caught_up':
        this.#subscriptionOf(message.channel)?.onCaughtUp(message, size);
        break;
      case 'unsubscribed':
        this.#onUnsubscribed(session, message, size);
        break;
      case 'error':
        this.#onError(session, message);
        break;
    }
  }

  acknowledge(channel: string, cursor: string): void {
    this.#send({ type: 'ack', channel, cursor });
  }

  resume(subscription: ActiveSubscription): void {
    const session = this.#session;
    const { name } = subscription;
    // A name that was just left is free again only when the hub has said so.
    if (session?.isLeaving(name) !== false || subscription.isRequested || !subscription.hasRoom) return;
    const request = subscription.request(session.windowLinesMax);
    const refused = request instanceof ClientError ? request : session.checkSize(request);
    if (refused !== undefined) this.#fail(subscription, refused);
    else this.#send(request as ClientMessage);
  }

  pause(subscription: ActiveSubscription): void {
    const { name } = subscription;
    if (this.#session === undefined || !subscription.isRequested) return;
    subscription.interrupted();
    this.#session.leave(name);
    this.#send({ type: 'unsubscribe', channel: name });
  }

  leave(subscription: ActiveSubscription): void {
    this.pause(subscription);
    if (this.#subscriptions.get(subscription.name) === subscription) {
      this.#subscriptions.delete(subscription.name);
    }
  }

  #onSubscribed(session: Session, message: HubMessageOf<'subscribed'>): void {
    const { channel, pattern } = message;
    const owner = session.announce(message);
    const name = pattern ?? channel;
    if (owner === name) {
      this.#subscriptionOf(channel)?.onSubscribed(message);
    } else if (pattern === undefined) {
      const subscription = this.#subscriptions.get(name);
      if (subscription !== undefined) this.#refused(subscription, deliveredElsewhere(channel, owner));
    }
  }

  #onLines(message: HubMessageOf<'lines'> | HubMessageOf<'gap'>, size: number): void {
    const { channel } = message;
    if (this.#session?.isLeavingChannel(channel) === true) return;
    const subscription = this.#subscriptionOf(channel);
    const fault =
      subscription === undefined
        ? { fault: `lines of ${channel}, which is not subscribed` }
        : subscription.onLines(message, size);
    if (fault === undefined) return;
    if (subscription?.isBeyondRepair === true) {
      this.#refused(subscription, outOfSequence(channel, fault.fault));
    } else {
      this.#notify({ type: 'fault', channel, message: `The hub sent ${fault.fault}; connecting again.` });
      this.#connection.reconnect(fault.fault);
    }
  }

  #onUnsubscribed(session: Session, message: HubMessageOf<'unsubscribed'>, size: number): void {
    const { channel } = message;
    const subscription = this.#subscriptions.get(channel);
    if (session.left(channel)) {
      if (subscription !== undefined) this.resume(subscription);
    } else if (subscription === undefined) {
      this.#subscriptionOf(channel)?.onChannelLeft(message, size);
      session.forget(channel);
    } else {
      session.forgetAll(channel);
      this.#fail(subscription, notAllowedAnyMore(channel));
    }
  }

  #onError(session: Session, { code, message, channel, retryable }: HubMessageOf<'error'>): void {
    const subscription = channel === undefined ? undefined : this.#subscriptions.get(channel);
    if (code === 'not_subscribed') {
      // An `unsubscribe` or `ack` crossed the end of the subscription: there is nothing left to end.
      if (channel !== undefined && session.left(channel) && subscription !== undefined)
        this.resume(subscription);
    } else if (subscription === undefined || retryable) {
      this.#notify({ type: 'hub_error', code, channel, message });
    } else {
      this.#refused(subscription, new ClientError(code, message, { channel: subscription.name }));
    }
  }

  /** Ends a subscription here and, in case it goes on there, at the hub. */
  #refused(subscription: ActiveSubscription, error: ClientError): void {
    this.pause(subscription);
    this.#fail(subscription, error);
  }

  #fail(subscription: ActiveSubscription, error: ClientError): void {
    this.#subscriptions.delete(subscription.name);
    subscription.fail(error);
  }

  #subscriptionOf(channelOrPattern: string): ActiveSubscription | undefined {
    const name = this.#session?.ownerOf(channelOrPattern);
    return name === undefined || this.#session?.isLeaving(name) === true
      ? undefined
      : this.#subscriptions.get(name);
  }

  #send(message: ClientMessage): void {
    this.#connection.send(message);
  }
}

function checkRequest(name: string, options: SubscribeOptions): void {
  const result = clientMessage.safeParse({ type: 'subscribe', channel: name, ...options });
  if (result.success) return;
  const rules = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new ClientError('bad_request', `"${name}" cannot be subscribed: ${rules.join('; ')}.`, {
    channel: name,
  });
}

function outOfSequence(channel: string, fault: string): ClientError {
  const message = `The hub sent ${fault}, again and again: look for a proxy that drops messages, or for a fault of the hub.`;
  return new ClientError('continuity', message, { channel });
}

function deliveredElsewhere(channel: string, owner: string): ClientError {
  const message = `"${channel}" is delivered for "${owner}" already: read it there, or use another client.`;
  return new ClientError('already_subscribed', message, { channel });
}

function notAllowedAnyMore(channel: string): ClientError {
  const message = `A fresh token does not allow "${channel}" any more: ask for a token that does.`;
  return new ClientError('forbidden', message, { channel });
}
