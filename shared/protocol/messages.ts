/**
 * Every message of the wire as a zod schema, and its type. PROTOCOL.md says the same in prose; a test holds
 * the two together. What a client sends is strict: an unknown key is an error, never silently ignored.
 * What the hub sends is open: a client ignores keys that a newer hub added.
 */
import { z } from 'zod';
import { isChannel, isChannelPattern, TENANT } from './channel.js';
import { GAP_REASONS } from './continuity.js';
import { CURSOR } from './cursor.js';
import { CURSORS_MAX, TAIL_LINES_MAX, TOKEN_BYTES_MAX, WINDOW_LINES_MAX } from './limits.js';

export const SUBPROTOCOL = 'tailrace.v1';
/** Prefix of a second offered subprotocol that carries the token as base64url; the hub never echoes it. */
export const BEARER_SUBPROTOCOL_PREFIX = 'tailrace.bearer.';
export const WEBSOCKET_PATH = '/v1/ws';

const channel = z.string().refine(isChannel, 'is not a channel name');
const pattern = z.string().refine(isChannelPattern, 'is neither a channel name nor a pattern');
const cursor = z.string().regex(CURSOR, 'is not a cursor that this hub issued');
const seq = z.int().min(1);
const timeMs = z.int().min(0);

export const from = z.union(
  [
    z.enum(['now', 'start']),
    z.strictObject({ cursor }),
    z.strictObject({
      cursors: z
        .record(channel, cursor)
        .refine((map) => Object.keys(map).length <= CURSORS_MAX, `names more than ${CURSORS_MAX} channels`),
    }),
    z.strictObject({ tail: z.int().min(0).max(TAIL_LINES_MAX) }),
    z.strictObject({ since: z.union([timeMs, z.iso.datetime({ offset: true })]) }),
  ],
  'is none of "now", "start", {cursor}, {cursors}, {tail} and {since}',
);

export const POLICIES = ['complete', 'latest'] as const;

export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auth'), token: z.string().min(1).max(TOKEN_BYTES_MAX) }),
  z.strictObject({
    type: z.literal('subscribe'),
    channel: pattern,
    from: from.optional(),
    policy: z.enum(POLICIES).optional(),
    window: z.int().min(1).max(WINDOW_LINES_MAX).optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), channel: pattern }),
  z.strictObject({ type: z.literal('ack'), channel, cursor }),
  z.strictObject({ type: z.literal('ping') }),
]);

export const source = z.object({
  id: z.string(),
  host: z.string(),
  path: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
});

export const ERROR_CODES = [
  'bad_request',
  'forbidden',
  'limit',
  'not_subscribed',
  'already_subscribed',
  'store_unavailable',
  'internal',
] as const;

export const UNSUBSCRIBED_REASONS = ['requested', 'forbidden'] as const;

const ready = z.object({
  type: z.literal('ready'),
  tenant: z.string().regex(TENANT),
  expiresAt: timeMs,
  limits: z.object({
    messageBytes: z.int(),
    subscriptions: z.int(),
    windowLines: z.int(),
    tailLines: z.int(),
  }),
});

const subscribed = z.object({
  type: z.literal('subscribed'),
  channel: z.string(),
  /** Present when the channel was asked for by a pattern. */
  pattern: z.string().optional(),
  /** Absent when `channel` is the pattern itself. */
  cursor: cursor.optional(),
});

/** Everything of a `lines` message but the lines: those are text that the agent wrote, checked by the hub. */
export const linesHeader = z.object({
  type: z.literal('lines'),
  channel: z.string(),
  /** The place after the last line of the message. */
  cursor,
  /** Seq of the first line. */
  seq,
  /** When the batch was appended, by the store's clock, in milliseconds since 1970. */
  at: timeMs,
  source,
  /** Indexes of lines that were longer than the limit and lost their end. */
  cut: z.array(z.int().min(0)).optional(),
});

const lines = linesHeader.extend({ lines: z.array(z.string()) });

const caughtUp = z.object({
  type: z.literal('caught_up'),
  channel: z.string(),
  /** Absent when `channel` is a pattern: all channels that it matched at first have caught up. */
  cursor: cursor.optional(),
});

const gap = z.object({
  type: z.literal('gap'),
  channel: z.string(),
  reason: z.enum(GAP_REASONS),
  from: z.int().nullable(),
  to: z.int().nullable(),
  lines: z.int().min(0).nullable(),
  /** Seq of the next line that will come. */
  seq,
  cursor,
});

const unsubscribed = z.object({
  type: z.literal('unsubscribed'),
  channel: z.string(),
  reason: z.enum(UNSUBSCRIBED_REASONS),
});

const error = z.object({
  type: z.literal('error'),
  code: z.enum(ERROR_CODES),
  message: z.string(),
  channel: z.string().optional(),
  retryable: z.boolean(),
});

const authExpiring = z.object({ type: z.literal('auth_expiring'), expiresAt: timeMs });
const pong = z.object({ type: z.literal('pong') });

export const hubMessage = z.discriminatedUnion('type', [
  ready,
  subscribed,
  lines,
  caughtUp,
  gap,
  unsubscribed,
  authExpiring,
  error,
  pong,
]);

export type From = z.infer<typeof from>;
export type Policy = (typeof POLICIES)[number];
export type ErrorCode = (typeof ERROR_CODES)[number];
export type UnsubscribedReason = (typeof UNSUBSCRIBED_REASONS)[number];
export type ClientMessage = z.infer<typeof clientMessage>;
export type SubscribeMessage = Extract<ClientMessage, { type: 'subscribe' }>;
export type HubMessage = z.infer<typeof hubMessage>;
export type SourceInfo = z.infer<typeof source>;
export type LinesHeader = z.infer<typeof linesHeader>;
export type LinesMessage = z.infer<typeof lines>;
export type GapMessage = z.infer<typeof gap>;
export type HubMessageOf<T extends HubMessage['type']> = Extract<HubMessage, { type: T }>;
