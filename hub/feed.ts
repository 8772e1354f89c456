/**
 * The tip of one channel, followed once for all its subscribers: reads the store when a doorbell rings, keeps
 * the recent frames, and shares the reads of those who catch up. It decides nothing for a subscriber: where the
 * history broke it only starts anew at the tip, and each subscriber finds its own gap by its own read.
 */

import type { Logger } from '../shared/logger.js';
import { type ChannelId, channelKey } from '../shared/protocol/channel.js';
import { checkContinuity, type HistoryView, tip as tipOf } from '../shared/protocol/continuity.js';
import type { Position } from '../shared/protocol/cursor.js';
import type { ChannelHead, LogReader, Page } from '../shared/store/log-store.js';
import { Frame } from './frame.js';
import { type FrameBudget, FrameChain } from './frame-chain.js';
import { Retry } from './retry.js';
import type { StoreHealth } from './store-health.js';

/** Told after every move of the feed. */
export interface FeedSubscriber {
  feedMoved(): void;
  /** The feed cannot be followed for a reason that lies in the channel; it tries again by itself. */
  feedFailed(): void;
}

export interface FeedContext {
  readonly reader: LogReader;
  readonly health: StoreHealth;
  readonly budget: FrameBudget;
  readonly logger: Logger;
  readonly pageBytesMax: number;
  readonly ringBytesMax: number;
}

/** What the store holds after a cursor. */
export interface FeedPage {
  readonly view: HistoryView;
  readonly first: Frame | undefined;
  /** The feed's version before the store was asked: if it has moved since, the page may be old. */
  readonly version: number;
  /** Counts the reads for those who catch up, from 1: tells whether it began before or after another moment. */
  readonly ordinal: number;
}

export class Feed {
  readonly id: ChannelId;
  readonly #context: FeedContext;
  readonly #recent: FrameChain;
  readonly #backlog: FrameChain;
  readonly #subscribers = new Set<FeedSubscriber>();
  readonly #reads = new Map<string, Promise<FeedPage>>();
  readonly #retry = new Retry();
  #tip: Position | undefined;
  #version = 0;
  #pageReads = 0;
  #isReading = false;
  #isRung = false;
  #isClosed = false;
  #reported = '';

  constructor(id: ChannelId, context: FeedContext) {
    this.id = id;
    this.#context = context;
    this.#recent = new FrameChain(context.budget, context.ringBytesMax);
    this.#backlog = new FrameChain(context.budget, context.ringBytesMax);
    this.look();
  }

  /** The place after the newest frame; undefined until the channel is watched. */
  get tip(): Position | undefined {
    return this.#tip;
  }

  /** Changes with every move of the tip. */
  get version(): number {
    return this.#version;
  }

  /** How many pages were asked for so far. */
  get pageReads(): number {
    return this.#pageReads;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  add(subscriber: FeedSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  delete(subscriber: FeedSubscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** The frame that a cursor's line is in, where it is in memory. */
  frameAfter(cursor: Position): Frame | undefined {
    return this.#recent.after(cursor) ?? this.#backlog.after(cursor);
  }

  /** The same among the recent frames alone, which reach up to the tip without a hole. */
  recentAfter(cursor: Position): Frame | undefined {
    return this.#recent.after(cursor);
  }

  /** Reads the store up to its tip. While a read is under way, any number of calls cause one more. */
  look(): void {
    this.#isRung = true;
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    void this.#follow();
  }

  /** Compares with what a sweep or a page showed of the channel. */
  notice({ epoch, nextSeq }: ChannelHead): void {
    if (this.#tip === undefined || epoch !== this.#tip.epoch || nextSeq !== this.#tip.seq) this.look();
  }

  /** A page after a cursor; calls for the same place share one read. Rejects with a `StoreError`. */
  readAfter(cursor: Position): Promise<FeedPage> {
    const shared = this.#reads.get(cursor.entry);
    if (shared !== undefined) return shared;
    const read = this.#readPage(cursor).finally(() => this.#reads.delete(cursor.entry));
    this.#reads.set(cursor.entry, read);
    return read;
  }

  /** Logs a batch that cannot be relayed, once for all subscribers that come upon it. */
  reportUnreadable(frame: Frame): void {
    if (this.#reported === frame.entry) return;
    this.#reported = frame.entry;
    this.#context.logger.error(
      `entry ${frame.entry} of channel ${channelKey(this.id)} is no batch of lines; it is left out and subscribers get a gap`,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#retry.cancel();
    this.#recent.clear();
    this.#backlog.clear();
    this.#context.reader
      .unwatchChannel(this.id)
      .catch((error: unknown) => this.#context.health.failed(error, 'leaving a channel'));
  }

  async #follow(): Promise<void> {
    try {
      while (this.#isRung && !this.#isClosed) {
        this.#isRung = false;
        const tip = this.#tip ?? (await this.#open());
        await this.#readFrom(tip);
      }
      this.#retry.succeeded();
      this.#context.health.succeeded();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isReading = false;
    }
  }

  /** Watches before it looks where the tip is, so that whatever comes after that place rings. */
  async #open(): Promise<Position> {
    await this.#context.reader.watchChannel(this.id);
    const tip = await this.#context.reader.locate(this.id, { kind: 'end' });
    this.#moveTo(tip);
    return tip;
  }

  async #readFrom(start: Position): Promise<void> {
    let after: Position | undefined = start;
    while (after !== undefined) {
      const page = await this.#context.reader.read(this.id, after, this.#context.pageBytesMax);
      if (this.#isClosed) return;
      after = this.#advance(after, page);
    }
  }

  /** Returns where to read on, or undefined where the page reached the store's tip. */
  #advance(after: Position, { view, batches, sources }: Page): Position | undefined {
    const verdict = checkContinuity(after, view, batches[0]);
    if (verdict.kind === 'gap' || verdict.skip > 0) {
      this.#recent.clear();
      this.#backlog.clear();
      this.#moveTo(tipOf(view));
      return undefined;
    }
    const last = this.#addFrames(this.#recent, after.entry, { view, batches, sources });
    const tip = last?.after ?? tipOf(view);
    if (!isSamePlace(tip, after)) this.#moveTo(tip);
    return last === undefined || last.entry === view.lastEntry ? undefined : tip;
  }

  #moveTo(tip: Position): void {
    this.#tip = tip;
    this.#version += 1;
    for (const subscriber of this.#subscribers) subscriber.feedMoved();
  }

  async #readPage(cursor: Position): Promise<FeedPage> {
    const version = this.#version;
    const ordinal = ++this.#pageReads;
    const page = await this.#context.reader.read(this.id, cursor, this.#context.pageBytesMax);
    this.#context.health.succeeded();
    if (page.batches.length === 0) this.notice(page.view);
    const first = this.#isClosed ? undefined : this.#addPage(cursor.entry, page);
    return { view: page.view, first, version, ordinal };
  }

  #addPage(entry: string, page: Page): Frame | undefined {
    const frames = this.#framesOf(entry, page);
    for (const frame of frames) this.#backlog.add(frame);
    return frames[0];
  }

  #addFrames(chain: FrameChain, entry: string, page: Page): Frame | undefined {
    const frames = this.#framesOf(entry, page);
    for (const frame of frames) chain.add(frame);
    return frames.at(-1);
  }

  #framesOf(entry: string, { view, batches, sources }: Page): Frame[] {
    let before = entry;
    return batches.map((batch) => {
      const origin = { channel: this.id.channel, epoch: view.epoch, before };
      before = batch.entry;
      return new Frame(origin, batch, sources.get(batch.source));
    });
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const isOutage = this.#context.health.failed(error, `following channel ${channelKey(this.id)}`);
    if (!isOutage) for (const subscriber of this.#subscribers) subscriber.feedFailed();
    this.#retry.schedule(() => this.look());
  }
}

export function isSamePlace(a: Position, b: Position): boolean {
  return a.seq === b.seq && a.entry === b.entry && a.epoch === b.epoch;
}
