/** What a subscription yields, and what a client tells besides. Plain values, safe to keep and to send on. */
import type { ErrorCode, GapReason, SourceInfo, UnsubscribedReason } from '../shared/protocol/index.js';

/** Lines of one channel, in order and without a hole to the event before. */
export interface LinesEvent {
  readonly type: 'lines';
  readonly channel: string;
  /** The number of the first line in its channel. */
  readonly seq: number;
  /** When the lines were stored, in milliseconds since 1970. */
  readonly at: number;
  readonly lines: readonly string[];
  /** The place after the last line: subscribing from it goes on with the next one. */
  readonly cursor: string;
  /** The file that the lines come from. */
  readonly source: SourceInfo;
  /** Indexes of lines that were too long and lost their end. */
  readonly cut?: readonly number[] | undefined;
}

/** Lines that will not come, or (`rewound`, `recreated`) may come twice. */
export interface GapEvent {
  readonly type: 'gap';
  readonly channel: string;
  readonly reason: GapReason;
  /** The first and last number concerned and their count; null where nothing can be counted. */
  readonly from: number | null;
  readonly to: number | null;
  readonly lines: number | null;
  /** The number of the next line that will come. */
  readonly seq: number;
  readonly cursor: string;
}

/**
 * All that was there when delivery started has been yielded. For a pattern also once with the pattern as
 * `channel`, for all channels that it matched. Comes again after a new connection.
 */
export interface CaughtUpEvent {
  readonly type: 'caught_up';
  readonly channel: string;
  readonly cursor?: string | undefined;
}

/** A channel of a pattern left it; for the subscription itself the iteration ends instead. */
export interface UnsubscribedEvent {
  readonly type: 'unsubscribed';
  readonly channel: string;
  readonly reason: UnsubscribedReason;
}

export type SubscriptionEvent = LinesEvent | GapEvent | CaughtUpEvent | UnsubscribedEvent;

/** What a client does by itself. `message` is one sentence for people. */
export type ClientNotice =
  | {
      readonly type: 'connected';
      readonly tenant: string;
      readonly expiresAt: number;
      readonly message: string;
    }
  | {
      readonly type: 'disconnected';
      /** The close code; 1006 where the network or the client itself ended the connection. */
      readonly code: number;
      readonly retryInMs: number;
      readonly message: string;
      readonly cause?: unknown;
    }
  | {
      readonly type: 'token_failed';
      readonly retryInMs: number;
      readonly message: string;
      readonly cause: unknown;
    }
  | { readonly type: 'auth_expiring'; readonly expiresAt: number; readonly message: string }
  /** The hub sent something that cannot be; the client connects again and goes on from the last good place. */
  | { readonly type: 'fault'; readonly channel?: string; readonly message: string }
  /** A fault of a request or a subscription that the hub goes on working at, such as a store that is away. */
  | {
      readonly type: 'hub_error';
      readonly code: ErrorCode;
      readonly channel?: string | undefined;
      readonly message: string;
    };
