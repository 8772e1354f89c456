/**
 * What an operator may set for a hub: one strict schema, keys as they stand in the file, each bound with its
 * default. Turns a checked configuration into the settings that the hub runs on; reads only key files.
 */
import { z } from 'zod';
import { byteSize, duration } from '../shared/config.js';
import { redisConfig } from '../shared/config-redis.js';
import { type ListenAddress, listenAddress } from '../shared/listen-address.js';
import {
  AUTH_EXPIRING_NOTICE_MS,
  AUTH_TIMEOUT_MS,
  CURSORS_MAX,
  SUBSCRIPTIONS_MAX,
} from '../shared/protocol/limits.js';
import { loadTokenKey, TOKEN_ALGORITHMS, type TokenKey } from './token-key.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const count = (value: number) => z.int().min(1).default(value);
const bytes = (value: number) => byteSize.default(value);
const time = (valueMs: number) => duration.prefault(`${valueMs / 1_000}s`);

const origin = z
  .string()
  .refine(
    (text) => text === '*' || isOrigin(text),
    'must be an origin such as https://logs.example.com, or "*" for any',
  );

const key = z.strictObject({
  algorithm: z.enum(TOKEN_ALGORITHMS),
  /** HS256: the secret, at least 32 bytes; RS256 and ES256: a public key in PEM. */
  file: z.string().min(1),
  /** The `kid` of tokens that this key signs; a key without one is tried for every token. */
  id: z.string().min(1).optional(),
});

const auth = z
  .strictObject({
    /** Short for one key with algorithm HS256. */
    secret_file: z.string().min(1).optional(),
    keys: z.array(key).max(32).default([]),
  })
  .refine(
    ({ secret_file, keys }) => secret_file !== undefined || keys.length > 0,
    'needs secret_file or at least one of keys: a hub without a key could not check any token',
  );

const limits = z.strictObject({
  /** Connections of this hub, of one tenant, and of those the ones that have not shown a token yet. */
  connections: count(10_000),
  connections_per_tenant: count(10_000),
  connections_without_token: count(1_000),
  /** Per connection: channels and patterns as asked for, and channels that these come to. */
  subscriptions: count(SUBSCRIPTIONS_MAX),
  channels: count(CURSORS_MAX),
  /** Messages that one connection may send within a second; a client that comes back sends many at once. */
  messages_per_second: count(2_000),
  /** Bytes that wait for one connection before no more lines are pulled for it. */
  outbox_bytes: bytes(MIB),
  /** Stored bytes that one read of the store asks for. */
  page_bytes: bytes(256 * KIB),
  /** Recent frames kept in memory: of one channel, and of all together with those read for catching up. */
  ring_bytes: bytes(8 * MIB),
  frames_bytes: bytes(128 * MIB),
});

const timeouts = z.strictObject({
  /** Until a connection must have shown a token. */
  auth: time(AUTH_TIMEOUT_MS),
  auth_expiring_notice: time(AUTH_EXPIRING_NOTICE_MS),
  ping_interval: time(30_000),
  /** A client from which nothing came for so long, not even an answer to a ping, is given up. */
  silence: time(120_000),
  /** How often all watched channels are looked at, in case a doorbell was lost. */
  sweep_interval: time(3_000),
  /** How long a channel stays watched after its last subscriber left. */
  feed_linger: time(10_000),
  /** How long a stopping hub waits for its clients to close. */
  drain: time(5_000),
});

export const hubConfig = z
  .strictObject({
    listen: listenAddress.prefault('127.0.0.1:7700'),
    redis: redisConfig.optional(),
    data_dir: z.string().min(1).optional(),
    auth,
    /**
     * Origins whose pages may connect. A hub that listens on a loopback address allows pages from loopback
     * addresses as well. Programs other than browsers send no Origin and are not concerned.
     */
    allowed_origins: z.array(origin).default([]),
    limits: limits.prefault({}),
    timeouts: timeouts.prefault({}),
  })
  .refine(
    ({ redis, data_dir }) => (redis === undefined) !== (data_dir === undefined),
    'needs either redis or data_dir: where the lines are stored',
  );

export type HubConfig = z.infer<typeof hubConfig>;

export interface HubLimits {
  readonly connectionsMax: number;
  readonly connectionsPerTenantMax: number;
  readonly connectionsWithoutTokenMax: number;
  readonly subscriptionsMax: number;
  readonly channelsMax: number;
  readonly messagesPerSecondMax: number;
  readonly outboxBytesMax: number;
  readonly pageBytesMax: number;
  readonly ringBytesMax: number;
  readonly framesBytesMax: number;
}

export interface HubTimeouts {
  readonly authTimeoutMs: number;
  readonly authExpiringNoticeMs: number;
  readonly pingIntervalMs: number;
  readonly silenceMs: number;
  readonly sweepIntervalMs: number;
  readonly feedLingerMs: number;
  readonly drainTimeoutMs: number;
}

export interface HubSettings {
  readonly listen: ListenAddress;
  readonly keys: readonly TokenKey[];
  readonly allowedOrigins: readonly string[];
  readonly limits: HubLimits;
  readonly timeouts: HubTimeouts;
}

/** Reads the key files. Throws a `ConfigError` for one that cannot be used. */
export function hubSettings(config: HubConfig): HubSettings {
  const { secret_file: secretFile, keys } = config.auth;
  const secret = secretFile === undefined ? [] : [{ algorithm: 'HS256' as const, file: secretFile }];
  return {
    listen: config.listen,
    keys: [...secret, ...keys].map(loadTokenKey),
    allowedOrigins: config.allowed_origins,
    limits: limitsOf(config.limits),
    timeouts: timeoutsOf(config.timeouts),
  };
}

/** Settings with all defaults, for programs that bring their own keys. */
export function defaultHubSettings(listenOn: HubSettings['listen'], keys: readonly TokenKey[]): HubSettings {
  return {
    listen: listenOn,
    keys,
    allowedOrigins: [],
    limits: limitsOf(limits.parse({})),
    timeouts: timeoutsOf(timeouts.parse({})),
  };
}

function limitsOf(config: z.infer<typeof limits>): HubLimits {
  return {
    connectionsMax: config.connections,
    connectionsPerTenantMax: config.connections_per_tenant,
    connectionsWithoutTokenMax: config.connections_without_token,
    subscriptionsMax: config.subscriptions,
    channelsMax: config.channels,
    messagesPerSecondMax: config.messages_per_second,
    outboxBytesMax: config.outbox_bytes,
    pageBytesMax: config.page_bytes,
    ringBytesMax: config.ring_bytes,
    framesBytesMax: config.frames_bytes,
  };
}

function timeoutsOf(config: z.infer<typeof timeouts>): HubTimeouts {
  return {
    authTimeoutMs: config.auth,
    authExpiringNoticeMs: config.auth_expiring_notice,
    pingIntervalMs: config.ping_interval,
    silenceMs: config.silence,
    sweepIntervalMs: config.sweep_interval,
    feedLingerMs: config.feed_linger,
    drainTimeoutMs: config.drain,
  };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
