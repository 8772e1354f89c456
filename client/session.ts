/**
 * What a client knows of one connection: the hub's limits, which subscription each channel is delivered for,
 * and which subscriptions are being left. All of it ends with the connection.
 */
import { type HubMessageOf, hasWildcard, type SubscribeMessage } from '../shared/protocol/index.js';
import { ClientError } from './errors.js';

export class Session {
  readonly windowLinesMax: number;
  readonly #messageBytesMax: number;
  /** Channel or pattern → name of the subscription. */
  readonly #owners = new Map<string, string>();
  readonly #leaving = new Set<string>();

  constructor({ windowLines, messageBytes }: HubMessageOf<'ready'>['limits']) {
    this.windowLinesMax = windowLines;
    this.#messageBytesMax = messageBytes;
  }

  /** Returns the name of the subscription that the channel is delivered for: the first that asked keeps it. */
  announce({ channel, pattern }: HubMessageOf<'subscribed'>): string {
    const owner = this.#owners.get(channel) ?? pattern ?? channel;
    this.#owners.set(channel, owner);
    return owner;
  }

  ownerOf(channelOrPattern: string): string | undefined {
    return this.#owners.get(channelOrPattern);
  }

  /** The hub was asked to end the subscription; what it sends for it until it has is not taken. */
  leave(name: string): void {
    this.#leaving.add(name);
  }

  isLeaving(name: string): boolean {
    return this.#leaving.has(name);
  }

  isLeavingChannel(channel: string): boolean {
    return this.#leaving.has(this.#owners.get(channel) ?? '');
  }

  /** The hub has ended the subscription. Returns whether it was being left. */
  left(name: string): boolean {
    if (!this.#leaving.delete(name)) return false;
    this.forgetAll(name);
    return true;
  }

  forget(channel: string): void {
    this.#owners.delete(channel);
  }

  /** Forgets the subscription and every channel that was delivered for it. */
  forgetAll(name: string): void {
    this.#owners.delete(name);
    if (!hasWildcard(name)) return;
    for (const [channel, owner] of this.#owners) if (owner === name) this.#owners.delete(channel);
  }

  checkSize(request: SubscribeMessage): ClientError | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(request)).length;
    if (bytes <= this.#messageBytesMax) return undefined;
    const { channel } = request;
    const message = `The request for "${channel}" has ${bytes} bytes, and the hub takes ${this.#messageBytesMax}: divide the pattern into several narrower ones.`;
    return new ClientError('limit', message, { channel });
  }
}
