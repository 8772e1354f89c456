/**
 * What a Redis server says of itself, for a person who wants to know whether it fits. Reads only; judges
 * nothing. Needs INFO, and TIME; what CONFIG alone tells is left out where the user may not ask.
 */
import { StoreError } from '../../errors.js';
import { SILENT } from '../../logger.js';
import { parseRedisUrl, type RedisLogin } from './address.js';
import { Connection } from './connection.js';

const DEADLINE_MS = 5_000;

export interface RedisProbe {
  /** Host and port. */
  readonly server: string;
  /** Of Redis, or the Redis version that a fork such as Valkey is compatible with. */
  readonly version: string;
  readonly maxmemoryPolicy: string;
  readonly appendOnly: boolean;
  /** The server's snapshot rules, empty for none; undefined where CONFIG is not allowed. */
  readonly save: string | undefined;
  /** The server's clock less this host's, in milliseconds, give or take half of the round trip. */
  readonly clockAheadMs: number;
  readonly roundTripMs: number;
}

/** `login` stands in for one in the URL. Throws a `ConfigError` for a bad URL, a `StoreError` where the server is away or refuses. */
export async function probeRedis(url: string, login?: RedisLogin): Promise<RedisProbe> {
  const address = parseRedisUrl(url, login);
  const connection = new Connection({
    ...{ address, name: 'tailrace-doctor', deadlineMs: DEADLINE_MS, logger: SILENT },
  });
  try {
    const info = await connection.call('INFO', [], toInfo);
    return {
      server: address.label,
      version: info.get('redis_version') ?? '0',
      maxmemoryPolicy: info.get('maxmemory_policy') ?? 'unknown',
      appendOnly: info.get('aof_enabled') === '1',
      save: await readSetting(connection, 'save'),
      ...(await compareClocks(connection)),
    };
  } finally {
    await connection.close();
  }
}

function toInfo(reply: unknown): Map<string, string> {
  const pairs = String(reply)
    .split('\r\n')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return new Map(pairs);
}

async function readSetting(connection: Connection, name: string): Promise<string | undefined> {
  try {
    return await connection.call('CONFIG', ['GET', name], toSetting);
  } catch (error) {
    if (error instanceof StoreError && !error.retryable) return undefined;
    throw error;
  }
}

function toSetting(reply: unknown): string | undefined {
  const value = Array.isArray(reply) ? reply[1] : undefined;
  return value === undefined ? undefined : String(value);
}

async function compareClocks(connection: Connection): Promise<{ clockAheadMs: number; roundTripMs: number }> {
  const askedAt = Date.now();
  const serverMs = await connection.call('TIME', [], toMilliseconds);
  const roundTripMs = Date.now() - askedAt;
  return { clockAheadMs: Math.round(serverMs - askedAt - roundTripMs / 2), roundTripMs };
}

function toMilliseconds(reply: unknown): number {
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map((part) => Number(String(part))) : [];
  return (seconds ?? Number.NaN) * 1_000 + (microseconds ?? Number.NaN) / 1_000;
}
