/** What `connect` and `subscribe` take, with every default. */
import type { Backoff } from '../shared/backoff.js';
import type { From, Policy } from '../shared/protocol/index.js';
import type { ClientNotice } from './events.js';
import type { TokenSource } from './token.js';

export interface ConnectOptions {
  /** Such as `wss://logs.example.com`; without a path the hub's own is taken. */
  readonly url: string;
  /** A function is asked before every connection and when the token in use is about to end. */
  readonly token: string | TokenSource;
  /** Waits between attempts: 0 to `baseMs`, doubled each time up to `capMs`. Default 250 and 15,000. */
  readonly backoff?: Backoff | undefined;
  /** Attempts in a row that may fail before the client gives up. Default: it never does. */
  readonly attemptsMax?: number | undefined;
  /** Called for what the client does by itself; must not throw. */
  readonly onNotice?: ((notice: ClientNotice) => void) | undefined;
}

export interface SubscribeOptions {
  /** Where to start; default `"now"`. After a break the client goes on from its own place, not from here. */
  readonly from?: From | undefined;
  /** `latest` skips to the newest line when the reader falls behind; default `complete`. */
  readonly policy?: Policy | undefined;
  /** Lines that may lie here unread, about; 1 to 1,000,000, default 65,536, and less where the hub allows less. */
  readonly window?: number | undefined;
}

export const BACKOFF_DEFAULT: Backoff = { baseMs: 250, capMs: 15_000 };

export const WINDOW_LINES_DEFAULT = 65_536;

/** Text of messages that may lie unread in one subscription, in characters, before it pauses. */
export const QUEUE_CHARACTERS_MAX = 32 * 1024 * 1024;

/** From the attempt to connect to `ready`. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** How long a token function may take. */
export const TOKEN_TIMEOUT_MS = 30_000;

/** Silence after which the client pings. */
export const SILENCE_MS = 30_000;

/** How long the answer to a ping may take. */
export const PONG_TIMEOUT_MS = 10_000;

/** A connection that lasted this long counts as a success: the next wait is a short one again. */
export const STABLE_MS = 5_000;

/** Messages out of sequence in one channel, without a good one in between, before its subscription fails. */
export const FAULTS_MAX = 3;
