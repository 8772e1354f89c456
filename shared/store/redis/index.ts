/**
 * The log store on Redis 7.0 or newer (or Valkey). Opening never waits for the server: calls fail with
 * `StoreError('unavailable')` while it is away and work when it is back.
 */
import { type Logger, SILENT } from '../../logger.js';
import type { LogReader, LogWriter, Retention } from '../log-store.js';
import { parseRedisUrl, type RedisLogin } from './address.js';
import { Connection } from './connection.js';
import { Doorbells } from './doorbells.js';
import { DEFAULT_KEY_PREFIX } from './keys.js';
import { RedisLogReader } from './reader.js';
import { RedisLogWriter } from './writer.js';

export { DEFAULT_KEY_PREFIX } from './keys.js';

const DEADLINE_MS = 5_000;

/** Deadlines between two heartbeats of a subscriber: one that fell silent is noticed one deadline later. */
const HEARTBEAT_DEADLINES = 2;

export interface RedisStoreOptions extends RedisLogin {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Default `tailrace:`. Must not hold braces. */
  readonly keyPrefix?: string;
  /** How long a call may take before it fails, default 5000 ms. */
  readonly deadlineMs?: number;
  readonly logger?: Logger;
}

/** Throws a `ConfigError` for a URL that is none. */
export function openRedisWriter(options: RedisStoreOptions & { readonly retention: Retention }): LogWriter {
  const { keyPrefix = DEFAULT_KEY_PREFIX, retention } = options;
  return new RedisLogWriter({ connection: open(options, 'writer'), keyPrefix, retention });
}

/** Throws a `ConfigError` for a URL that is none. */
export function openRedisReader(options: RedisStoreOptions): LogReader {
  const { keyPrefix = DEFAULT_KEY_PREFIX, deadlineMs = DEADLINE_MS, logger = SILENT } = options;
  const doorbells = new Doorbells(open(options, 'doorbells'), logger, HEARTBEAT_DEADLINES * deadlineMs);
  return new RedisLogReader({ connection: open(options, 'reader'), doorbells, keyPrefix });
}

function open(options: RedisStoreOptions, role: string): Connection {
  const { url, deadlineMs = DEADLINE_MS, logger = SILENT } = options;
  return new Connection({
    address: parseRedisUrl(url, options),
    name: `tailrace-${role}`,
    deadlineMs,
    logger,
  });
}
