/**
 * One subscription: what the hub sends for it goes in, what its reader has dealt with comes out as cursors and
 * acknowledgements. It never touches a connection; it says through its port what it needs.
 */
import {
  CURSORS_MAX,
  type HubMessageOf,
  hasWildcard,
  type SubscribeMessage,
} from '../shared/protocol/index.js';
import { Acknowledgement } from './acknowledgement.js';
import type { Clock } from './clock.js';
import { ClientError } from './errors.js';
import type { QueuedEvent } from './event-queue.js';
import type { SubscriptionEvent } from './events.js';
import type { Fault } from './incoming.js';
import { FAULTS_MAX, QUEUE_CHARACTERS_MAX, type SubscribeOptions, WINDOW_LINES_DEFAULT } from './options.js';
import { Places } from './places.js';
import { Reader } from './reader.js';

/** What a program sees of a subscription. One reader at a time. */
export interface Subscription extends AsyncIterable<SubscriptionEvent, undefined, undefined> {
  /** The channel or pattern that was asked for. */
  readonly name: string;
  /**
   * The place of every channel, for whoever wants to continue later: `from: {cursors}`. It covers the events
   * that were dealt with: an event counts when the next one is asked for.
   */
  readonly cursors: ReadonlyMap<string, string>;
  /** The same for a subscription of one channel; undefined before its first place is known. */
  readonly cursor: string | undefined;
  /** Ends the iteration. Leaving a `for await` loop does the same. */
  close(): void;
}

export interface SubscriptionPort {
  acknowledge(channel: string, cursor: string): void;
  /** There is room again. */
  resume(subscription: ActiveSubscription): void;
  /** Too much lies unread: have the hub stop until `resume`. */
  pause(subscription: ActiveSubscription): void;
  /** The reader has no more use for it. */
  leave(subscription: ActiveSubscription): void;
}

/** Every event costs this much beside its text, so that many small ones are bounded too. */
const EVENT_CHARACTERS = 256;

export class ActiveSubscription implements Subscription {
  readonly name: string;
  readonly #options: SubscribeOptions;
  readonly #port: SubscriptionPort;
  readonly #places: Places;
  readonly #reader: Reader;
  readonly #acknowledgement: Acknowledgement;
  readonly #cursors = new Map<string, string>();
  /** Counts the requests to hubs; the present one is open or not. */
  #request = 0;
  #isRequested = false;
  #faults = 0;

  constructor(name: string, options: SubscribeOptions, port: SubscriptionPort, clock: Clock) {
    this.name = name;
    this.#options = options;
    this.#port = port;
    this.#places = new Places(name, options.from ?? 'now');
    this.#reader = new Reader((item) => this.#dealtWith(item));
    this.#acknowledgement = new Acknowledgement(clock, (channel, cursor) =>
      port.acknowledge(channel, cursor),
    );
    if (this.#places.complete) this.#takeCursors(this.#places.cursors());
  }

  get cursors(): ReadonlyMap<string, string> {
    return this.#cursors;
  }

  get cursor(): string | undefined {
    return hasWildcard(this.name) ? undefined : this.#cursors.get(this.name);
  }

  [Symbol.asyncIterator](): AsyncIterator<SubscriptionEvent, undefined, undefined> {
    return {
      next: () => this.#reader.next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  close(): void {
    const wasOpen = !this.#reader.ended;
    this.#reader.close();
    this.#acknowledgement.stop();
    if (wasOpen) this.#port.leave(this);
  }

  /** Ends the subscription for good, once its reader has read what is there. */
  fail(error: ClientError): void {
    this.interrupted();
    this.#reader.fail(error);
  }

  /** Whether a hub has been asked for it on the present connection. */
  get isRequested(): boolean {
    return this.#isRequested;
  }

  /** Whether it may be asked for: what lies unread and what a hub then sends must stay within the bounds. */
  get hasRoom(): boolean {
    const { lines, characters } = this.#reader.queue;
    return !this.#reader.ended && lines <= this.#window / 2 && characters <= QUEUE_CHARACTERS_MAX / 2;
  }

  /** The request for the present connection, or why there can be none. */
  request(windowLinesMax: number): SubscribeMessage | ClientError {
    const from = this.#places.start();
    if (typeof from === 'object' && 'cursors' in from && Object.keys(from.cursors).length > CURSORS_MAX) {
      return tooManyPlaces(this.name);
    }
    const window = Math.min(this.#window, windowLinesMax);
    this.#request += 1;
    this.#isRequested = true;
    this.#acknowledgement.restart(window);
    return {
      type: 'subscribe',
      channel: this.name,
      from,
      policy: this.#options.policy ?? 'complete',
      window,
    };
  }

  /** The connection is gone, or the hub was told to stop. */
  interrupted(): void {
    this.#isRequested = false;
    this.#acknowledgement.stop();
  }

  onSubscribed({ channel, cursor }: HubMessageOf<'subscribed'>): void {
    if (cursor === undefined) return;
    const isStart = this.#places.announce(channel, cursor);
    if (isStart && this.#places.complete) this.#takeCursors([[channel, cursor]]);
  }

  /** Returns a fault where the message does not follow on what came before; it is then not taken. */
  onLines(message: HubMessageOf<'lines'> | HubMessageOf<'gap'>, size: number): Fault | undefined {
    // Before the place moves: what is only received must not be in the cursors.
    const starts = this.#places.starts();
    const fault = this.#places.admit(message);
    if (fault !== undefined) {
      this.#faults += 1;
      return fault;
    }
    this.#faults = 0;
    this.#begun(starts);
    this.#push(message, size);
    return undefined;
  }

  onCaughtUp(message: HubMessageOf<'caught_up'>, size: number): void {
    if (message.channel === this.name) this.#begun(this.#places.starts());
    this.#push(message, size);
  }

  onChannelLeft(message: HubMessageOf<'unsubscribed'>, size: number): void {
    this.#places.remove(message.channel);
    this.#push(message, size);
  }

  get isBeyondRepair(): boolean {
    return this.#faults >= FAULTS_MAX;
  }

  get #window(): number {
    return this.#options.window ?? WINDOW_LINES_DEFAULT;
  }

  #begun(starts: ReadonlyMap<string, string>): void {
    this.#places.begun();
    this.#takeCursors(starts);
  }

  #push(event: SubscriptionEvent, size: number): void {
    this.#reader.push({ event, size: size + EVENT_CHARACTERS, request: this.#request });
    if (this.#reader.queue.characters > QUEUE_CHARACTERS_MAX) this.#port.pause(this);
  }

  /** A channel has a place to keep before its first line is dealt with: its start, never what was received. */
  #takeCursors(cursors: Iterable<readonly [string, string]>): void {
    for (const [channel, cursor] of cursors) {
      if (!this.#cursors.has(channel)) this.#cursors.set(channel, cursor);
    }
  }

  #dealtWith({ event, request }: QueuedEvent): void {
    if (event.type === 'unsubscribed') this.#cursors.delete(event.channel);
    else if (event.cursor !== undefined) this.#cursors.set(event.channel, event.cursor);
    if (!this.#isRequested) {
      if (this.hasRoom) this.#port.resume(this);
    } else if (event.type === 'lines' && request === this.#request) {
      this.#acknowledgement.dealtWith(event);
    }
  }
}

function tooManyPlaces(name: string): ClientError {
  return new ClientError(
    'limit',
    `"${name}" has come to more than ${CURSORS_MAX} channels, and no more than that can be resumed in one ` +
      'subscription: divide it into several narrower patterns.',
    { channel: name },
  );
}
