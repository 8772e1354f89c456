/**
 * One channel as one connection reads it: a cursor that pulls. Each step yields the next message for the
 * client or nothing; there is no live mode and no replay mode. Where the next frame is not in memory the store
 * is asked, and what it shows passes the continuity rule. It never writes to a socket and never holds more than
 * one frame.
 */
import { checkContinuity, countedGap, type Gap, tip as tipOf } from '../shared/protocol/continuity.js';
import { formatCursor, type Position } from '../shared/protocol/cursor.js';
import type { HubMessage } from '../shared/protocol/messages.js';
import type { StartPoint } from '../shared/store/log-store.js';
import { encode } from './encode.js';
import { type Feed, type FeedPage, type FeedSubscriber, isSamePlace } from './feed.js';
import type { Frame } from './frame.js';
import { Retry } from './retry.js';
import type { Start, SubscriptionOptions, SubscriptionOwner } from './subscription-owner.js';

export class Subscription implements FeedSubscriber {
  readonly feed: Feed;
  readonly #owner: SubscriptionOwner;
  readonly #options: SubscriptionOptions;
  readonly #start: Start;
  readonly #messages: Buffer[] = [];
  /** Requests that the place is not announced to yet: a pattern, or undefined for the channel's own name. */
  #unannounced: (string | undefined)[] = [];
  #wanted = 0;
  #cursor: Position | undefined;
  #hand: Frame | undefined;
  #retry: Retry | undefined;
  #ackedSeq = 0;
  /** The feed's version at which the store showed nothing behind the cursor. */
  #parkedAt = -1;
  /** The store's tip at some moment since the subscription began: what `caught_up` has to wait for. */
  #goal: Position | undefined;
  /** Pages asked for before the subscription began: what they show may be older than the request. */
  readonly #earlierReads: number;
  /** A feed that was opened for this subscription has found "now" already. */
  readonly #isFeedNew: boolean;
  #isCaughtUp = false;
  #isBusy = false;
  #isClosed = false;
  #isFailureTold = false;

  constructor(feed: Feed, start: Start, options: SubscriptionOptions, owner: SubscriptionOwner) {
    this.feed = feed;
    this.#start = start;
    this.#options = options;
    this.#owner = owner;
    this.#isFeedNew = feed.tip === undefined;
    this.#earlierReads = feed.pageReads;
    feed.add(this);
  }

  get channel(): string {
    return this.feed.id.channel;
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** Announces the place to one more request that wants the channel: by a pattern, or by its name. */
  want(pattern: string | undefined): void {
    this.#wanted += 1;
    this.passTo(pattern);
  }

  /** Takes back one `want`. Returns whether anybody wants the channel still. */
  release(pattern: string | undefined): boolean {
    this.#wanted -= 1;
    this.#unannounced = this.#unannounced.filter((other) => other !== pattern);
    return this.#wanted > 0;
  }

  /** The place after what was delivered; undefined until there is a start. */
  get cursor(): Position | undefined {
    return this.#cursor;
  }

  /** Announces the present place to a request that takes the channel over from another. */
  passTo(pattern: string | undefined): void {
    this.#unannounced.push(pattern);
    this.#owner.wake(this);
  }

  /** The next message for the client; undefined while there is none, then the owner is woken later. */
  step(): Buffer | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) return message;
    if (this.#isBusy || this.#isClosed || this.feed.tip === undefined) return undefined;
    if (this.#cursor === undefined) return this.#begin(this.feed.tip);
    return this.#unannounced.length > 0 ? this.#announce(this.#cursor) : this.#next(this.#cursor);
  }

  /** Frees the window up to a place. Places of another history and those not yet reached free nothing more. */
  ack({ epoch, seq }: Position): void {
    const cursor = this.#cursor;
    if (cursor === undefined || epoch !== cursor.epoch) return;
    this.#ackedSeq = Math.max(this.#ackedSeq, Math.min(seq, cursor.seq));
    this.#owner.wake(this);
  }

  feedMoved(): void {
    this.#owner.wake(this);
  }

  feedFailed(): void {
    this.#tellFailure();
  }

  close(): void {
    this.#isClosed = true;
    this.#dropPage();
    this.#messages.length = 0;
    this.#retry?.cancel();
    this.feed.delete(this);
  }

  #begin(tip: Position): Buffer | undefined {
    if (this.#start.kind === 'cursor') return this.#beginAt(this.#start.position);
    if (this.#start.kind === 'end' && this.#isFeedNew) {
      this.#goal = tip;
      return this.#beginAt(tip);
    }
    this.#locate(this.#start);
    return undefined;
  }

  #locate(start: StartPoint): void {
    this.#isBusy = true;
    this.#owner.locate(this.feed.id, start).then(
      (position) => {
        this.#isBusy = false;
        if (this.#isClosed) return;
        this.#retry?.succeeded();
        if (start.kind === 'end') this.#goal = position;
        this.#messages.push(this.#beginAt(position));
        this.#owner.wake(this);
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #beginAt(position: Position): Buffer {
    this.#cursor = position;
    this.#ackedSeq = position.seq;
    return this.#announce(position);
  }

  /** Texts are made as they are sent: however often a client subscribes without reading, little waits for it. */
  #announce(position: Position): Buffer {
    const pattern = this.#unannounced.shift();
    const cursor = formatCursor(position);
    if (this.#isCaughtUp) this.#say({ type: 'caught_up', channel: this.channel, cursor });
    const named = pattern === undefined ? {} : { pattern };
    return encode({ type: 'subscribed', channel: this.channel, ...named, cursor });
  }

  #next(cursor: Position): Buffer | undefined {
    const frame = this.#find(cursor);
    if (frame !== undefined) return this.#deliver(frame, cursor);
    const { tip, version } = this.feed;
    const isAtTip = tip !== undefined && isSamePlace(cursor, tip) && this.#hasReachedGoal(cursor);
    if (this.#parkedAt === version || isAtTip) {
      this.#dropPage();
      return this.#atTip(cursor);
    }
    if (this.#isRushing() && tip !== undefined && tip.epoch === cursor.epoch && tip.seq > cursor.seq) {
      this.#dropPage();
      return this.#gap(countedGap('skipped', cursor.seq, tip));
    }
    if (this.#isWindowFull(cursor)) this.#dropPage();
    else if (this.#owner.admitRead(this)) this.#fetch(cursor);
    return undefined;
  }

  #find(cursor: Position): Frame | undefined {
    const frame = this.#isRushing() ? this.feed.recentAfter(cursor) : this.feed.frameAfter(cursor);
    if (frame !== undefined) return frame;
    return this.#hand?.before === cursor.entry && this.#hand.contains(cursor) ? this.#hand : undefined;
  }

  /** Whoever wants the latest gets the history that it asked for first, and skips only afterwards. */
  #isRushing(): boolean {
    return this.#options.policy === 'latest' && this.#isCaughtUp;
  }

  /**
   * Always up to the end of a batch, past the window if need be: a cursor inside a batch would fit another
   * batch as well, if the store went back and took that one in its place.
   */
  #deliver(frame: Frame, cursor: Position): Buffer | undefined {
    if (this.#isWindowFull(cursor)) {
      this.#dropPage();
      return undefined;
    }
    const skip = cursor.seq - frame.seq;
    const message = skip === 0 ? frame.message(this.#owner.canInflate) : frame.messageFrom(skip);
    if (message === undefined) return this.#passUnreadable(frame, cursor);
    this.#dropPage();
    this.#cursor = frame.after;
    this.#owner.countLines(frame.lines - skip);
    return message;
  }

  #isWindowFull(cursor: Position): boolean {
    return cursor.seq - this.#ackedSeq >= this.#options.windowLines;
  }

  /** Keeps no frame of its own, and lets another channel of the connection read. */
  #dropPage(): void {
    this.#hand = undefined;
    this.#owner.readDone(this);
  }

  #passUnreadable(frame: Frame, cursor: Position): Buffer | undefined {
    this.#dropPage();
    this.feed.reportUnreadable(frame);
    return this.#gap(countedGap('unreadable', cursor.seq, frame.after));
  }

  /** A feed whose doorbell is late may stand behind what was stored before the client asked. */
  #hasReachedGoal({ epoch, seq }: Position): boolean {
    return this.#isCaughtUp || (this.#goal?.epoch === epoch && this.#goal.seq <= seq);
  }

  #atTip(position: Position): Buffer | undefined {
    if (this.#isCaughtUp) return undefined;
    this.#isCaughtUp = true;
    this.#say({ type: 'caught_up', channel: this.channel, cursor: formatCursor(position) });
    for (const message of this.#owner.caughtUp(this)) this.#say(message);
    return this.#messages.shift();
  }

  #fetch(cursor: Position): void {
    this.#isBusy = true;
    this.feed.readAfter(cursor).then(
      (page) => {
        this.#isBusy = false;
        if (this.#isClosed) return;
        this.#retry?.succeeded();
        this.#isFailureTold = false;
        this.#judge(cursor, page);
        this.#owner.wake(this);
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #judge(cursor: Position, { view, first, version, ordinal }: FeedPage): void {
    const verdict = checkContinuity(cursor, view, first);
    const isRecent = ordinal > this.#earlierReads;
    if (isRecent && (verdict.kind === 'gap' || this.#goal === undefined)) this.#goal = tipOf(view);
    this.#hand = first;
    if (first === undefined) this.#owner.readDone(this);
    if (verdict.kind === 'gap') {
      this.#say(this.#gapMessage(verdict.gap));
    } else if (first === undefined) {
      this.#cursor = tipOf(view);
      if (isRecent) this.#parkedAt = version;
    }
  }

  #gap(gap: Gap): Buffer {
    return encode(this.#gapMessage(gap));
  }

  /** Moves to where a gap lets delivery go on. Lines before it count as acknowledged: no line may wait for them. */
  #gapMessage(gap: Gap): HubMessage {
    const { reason, from, to, lines, resume } = gap;
    this.#cursor = resume;
    this.#ackedSeq = resume.seq;
    this.#owner.countGap(gap);
    const cursor = formatCursor(resume);
    return { type: 'gap', channel: this.channel, reason, from, to, lines, seq: resume.seq, cursor };
  }

  #failed(error: unknown): void {
    this.#isBusy = false;
    this.#owner.readDone(this);
    if (this.#isClosed) return;
    if (!this.#owner.storeFailed(this, error)) this.#tellFailure();
    this.#retry ??= new Retry();
    this.#retry.schedule(() => this.#owner.wake(this));
  }

  #tellFailure(): void {
    if (this.#isFailureTold) return;
    this.#isFailureTold = true;
    const message = 'the store cannot serve this channel now; the log of the hub says why';
    this.#say({ type: 'error', code: 'internal', message, channel: this.channel, retryable: true });
    this.#owner.wake(this);
  }

  #say(message: HubMessage): void {
    this.#messages.push(encode(message));
  }
}
