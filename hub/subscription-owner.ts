/** What one channel of a connection is told when it begins, and what it needs of the connection: no code. */
import type { ChannelId } from '../shared/protocol/channel.js';
import type { Gap } from '../shared/protocol/continuity.js';
import type { Position } from '../shared/protocol/cursor.js';
import type { HubMessage, Policy } from '../shared/protocol/messages.js';
import type { StartPoint } from '../shared/store/log-store.js';
import type { Subscription } from './subscription.js';

export type Start = StartPoint | { readonly kind: 'cursor'; readonly position: Position };

export interface SubscriptionOptions {
  readonly policy: Policy;
  /** Lines that may be unacknowledged; Infinity without a window. */
  readonly windowLines: number;
}

/** What a subscription needs of the connection that it belongs to. */
export interface SubscriptionOwner {
  /** Whether its client takes permessage-deflate messages. */
  readonly canInflate: boolean;
  locate(id: ChannelId, start: StartPoint): Promise<Position>;
  /**
   * Whether it may read a page now. A connection has few pages at a time, each of which keeps a frame in memory
   * until it is delivered; who must wait is woken.
   */
  admitRead(subscription: Subscription): boolean;
  /** Its page is used up or of no use. */
  readDone(subscription: Subscription): void;
  /** A step may yield something now. */
  wake(subscription: Subscription): void;
  /** Returns what else there is to say after `caught_up` of this channel. */
  caughtUp(subscription: Subscription): readonly HubMessage[];
  /** A read or locate failed and is tried again; true if the store as a whole does not serve. */
  storeFailed(subscription: Subscription, error: unknown): boolean;
  countLines(lines: number): void;
  countGap(gap: Gap): void;
}
