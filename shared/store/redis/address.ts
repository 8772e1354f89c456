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
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? '-')?.[1];
  if (
    url === undefined ||
    !/^rediss?:$/.test(url.protocol) ||
    url.hostname === '' ||
    database === undefined
  ) {
    throw new ConfigError(
      'The Redis URL is not valid: write redis://[user:password@]host[:port][/database], or rediss:// for TLS.',
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host,
    port,
    database: Number(database),
    tls: url.protocol === 'rediss:',
    ...credentials(url),
    label: `${url.hostname}:${port}`,
  };
}

function credentials(url: URL): { username?: string; password?: string } {
  if (url.password === '') return {};
  const password = decodeURIComponent(url.password);
  return url.username === '' ? { password } : { username: decodeURIComponent(url.username), password };
}
