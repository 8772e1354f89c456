/**
 * Where a Redis server is: `redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS. The label
 * is what messages and logs show; it never holds the password.
 */
import { ConfigError } from '../../errors.js';

const DEFAULT_PORT = 6379;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly label: string;
}

/** Throws a `ConfigError` that does not repeat the URL: it may hold a password. */
export function parseRedisUrl(text: string): RedisAddress {
  const address = URL.canParse(text) ? addressOf(new URL(text)) : undefined;
  if (address !== undefined) return address;
  throw new ConfigError(
    'The Redis URL is not valid: write redis://[user:password@]host[:port][/database], or rediss:// for TLS.',
  );
}

function addressOf(url: URL): RedisAddress | undefined {
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1];
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (!/^rediss?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (database === undefined || username === undefined || password === undefined) return undefined;
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    database: Number(database),
    tls: url.protocol === 'rediss:',
    ...(username === '' || password === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    label: `${url.hostname}:${port}`,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
