/**
 * All feeds of a hub, one for each channel that somebody subscribed to. Doorbells say which feed to read; a
 * slow sweep finds what a lost doorbell left behind and closes feeds that nobody wants any more.
 */
import { type ChannelId, channelKey } from '../shared/protocol/channel.js';
import { Feed, type FeedContext } from './feed.js';

/** Channels that one call of a sweep asks the store about. */
const SWEEP_CHANNELS_MAX = 500;

export class Feeds {
  readonly #context: FeedContext;
  readonly #lingerMs: number;
  readonly #feeds = new Map<string, Feed>();
  /** Since when a feed has had no subscriber, in milliseconds of the sweep's clock. */
  readonly #idleSince = new Map<Feed, number>();
  #isSweeping = false;

  constructor(context: FeedContext, lingerMs: number) {
    this.#context = context;
    this.#lingerMs = lingerMs;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** The feed of a channel, opened where there is none. It stays for a while without subscribers. */
  get(id: ChannelId): Feed {
    const key = channelKey(id);
    const existing = this.#feeds.get(key);
    if (existing !== undefined) return existing;
    const feed = new Feed(id, this.#context);
    this.#feeds.set(key, feed);
    return feed;
  }

  ring(id: ChannelId): void {
    this.#feeds.get(channelKey(id))?.look();
  }

  ringAll(): void {
    for (const feed of this.#feeds.values()) feed.look();
  }

  /** Never rejects; does nothing while an earlier sweep is under way. */
  async sweep(nowMs: number): Promise<void> {
    this.#closeIdle(nowMs);
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      const feeds = [...this.#feeds.values()];
      for (let start = 0; start < feeds.length; start += SWEEP_CHANNELS_MAX) {
        await this.#compare(feeds.slice(start, start + SWEEP_CHANNELS_MAX));
      }
    } catch (error) {
      this.#context.health.failed(error, 'the sweep over all channels');
    } finally {
      this.#isSweeping = false;
    }
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
  }

  async #compare(feeds: readonly Feed[]): Promise<void> {
    const heads = await this.#context.reader.heads(feeds.map((feed) => feed.id));
    this.#context.health.succeeded();
    for (const [index, head] of heads.entries()) feeds[index]?.notice(head);
  }

  #closeIdle(nowMs: number): void {
    for (const [key, feed] of this.#feeds) {
      if (feed.subscribers > 0) {
        this.#idleSince.delete(feed);
        continue;
      }
      const since = this.#idleSince.get(feed) ?? nowMs;
      this.#idleSince.set(feed, since);
      if (nowMs - since < this.#lingerMs) continue;
      this.#feeds.delete(key);
      this.#idleSince.delete(feed);
      feed.close();
    }
  }
}
