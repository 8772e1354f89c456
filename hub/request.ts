/**
 * What a client asked for in one `subscribe`: a channel or a pattern, where to start, and the channels that it
 * comes to. It opens nothing and sends nothing.
 */
import { type ChannelMatcher, compileChannelPattern, hasWildcard } from '../shared/protocol/channel.js';
import { type Position, parseCursor, VOID_POSITION } from '../shared/protocol/cursor.js';
import type { From, SubscribeMessage } from '../shared/protocol/messages.js';
import type { Start, SubscriptionOptions } from './subscription-owner.js';

/** A channel that appears later is delivered from its first line. */
export const FROM_FIRST_LINE: Start = { kind: 'start' };

export class Request {
  readonly pattern: string;
  readonly isPattern: boolean;
  readonly matches: ChannelMatcher;
  readonly options: SubscriptionOptions;
  /** Channels that are delivered on behalf of it. */
  readonly channels = new Set<string>();
  /** Where channels stood when a token took them away: there they go on when another one gives them back. */
  readonly left = new Map<string, Position>();
  /** Channels matched at first that have not caught up; undefined when there is nothing to wait for. */
  pending: Set<string> | undefined;
  /** Whether the channels that existed when it was made are known, and delivered on behalf of it. */
  isListed = false;
  isOpen = true;
  /** Whether channels were left out because the connection has too many, which is told once. */
  isOverLimit = false;
  readonly #from: From;

  constructor(message: SubscribeMessage) {
    this.pattern = message.channel;
    this.isPattern = hasWildcard(message.channel);
    this.matches = compileChannelPattern(message.channel);
    this.options = { policy: message.policy ?? 'complete', windowLines: message.window ?? Infinity };
    this.#from = message.from ?? 'now';
  }

  /** The pattern that a channel of it is announced with. */
  get announcedAs(): string | undefined {
    return this.isPattern ? this.pattern : undefined;
  }

  /** What is wrong with it beyond its shape, as a sentence for the client. */
  get problem(): string | undefined {
    if (!isObject(this.#from)) return undefined;
    if ('cursor' in this.#from && this.isPattern) {
      return 'a pattern needs {"cursors": {channel: cursor}}: one cursor belongs to one channel';
    }
    const cursors = 'cursors' in this.#from ? Object.values(this.#from.cursors) : [];
    if ('cursor' in this.#from) cursors.push(this.#from.cursor);
    const isIssued = cursors.every((cursor) => parseCursor(cursor) !== undefined);
    return isIssued ? undefined : 'a cursor is not one that a hub issued';
  }

  /** Channels that the client read before, whether they exist still or not. */
  get resumed(): readonly string[] {
    return isObject(this.#from) && 'cursors' in this.#from ? Object.keys(this.#from.cursors) : [];
  }

  /** Where a channel begins that was there when the request was made. */
  startOf(channel: string): Start {
    const left = this.left.get(channel);
    if (left !== undefined) return { kind: 'cursor', position: left };
    const from = this.#from;
    if (!isObject(from)) return { kind: from === 'now' ? 'end' : 'start' };
    if ('tail' in from) return { kind: 'tail', lines: from.tail };
    if ('since' in from) return { kind: 'since', timeMs: timeOf(from.since) };
    // A channel that a resuming client has no cursor for is new to it.
    const cursor = 'cursor' in from ? from.cursor : ownValue(from.cursors, channel);
    return cursor === undefined ? FROM_FIRST_LINE : resumeAt(cursor);
  }
}

function isObject(from: From): from is Exclude<From, string> {
  return typeof from === 'object';
}

function timeOf(since: number | string): number {
  return typeof since === 'number' ? since : Date.parse(since);
}

/** A channel may be called `constructor`. */
function ownValue(cursors: Readonly<Record<string, string>>, channel: string): string | undefined {
  return Object.hasOwn(cursors, channel) ? cursors[channel] : undefined;
}

function resumeAt(cursor: string): Start {
  return { kind: 'cursor', position: parseCursor(cursor) ?? VOID_POSITION };
}
