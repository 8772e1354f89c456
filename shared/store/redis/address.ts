/**
 * Where a Redis server is: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS. The label is
 * what messages and logs show; it never holds the password.
 */
import { ConfigError } from '../../errors.js';

const DEFAULT_PORT = 6379;

export const REDIS_URL_FORM = 'redis://[user:password@]host[:port][/database], or rediss:// for TLS';

export interface RedisLogin {
  readonly username?: string;
  readonly password?: string;
}

export interface RedisAddress extends RedisLogin {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  readonly label: string;
}

/** The login beside it stands in for one in the URL. Throws a `ConfigError` that does not repeat the URL: it may hold a password. */
export function parseRedisUrl(text: string, { username, password }: RedisLogin = {}): RedisAddress {
  const problem = redisUrlProblem(text);
  if (problem !== undefined) throw new ConfigError(`The Redis URL ${problem}.`);
  const url = new URL(text);
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    database: Number(url.pathname.slice(1)),
    tls: url.protocol === 'rediss:',
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    label: `${url.hostname}:${port}`,
  };
}

const OR_ELSEWHERE = 'or give the password as redis.password in the --config file';

/** The rule that the URL breaks, to be read behind its name; without any part of the URL. */
export function redisUrlProblem(text: string): string | undefined {
  const rest = /^rediss?:\/\/(.*)$/s.exec(text)?.[1];
  if (rest === undefined) return `must be ${REDIS_URL_FORM}`;
  // A parser of URLs would leave out ends of lines, and take what is left for the password.
  if (/[\s\p{Cc}]/u.test(rest)) return `must not hold white space: write it as %20 or %0A, ${OR_ELSEWHERE}`;
  const [authority = ''] = rest.split(/[/?#]/, 1);
  return loginProblem(rest, authority) ?? placeProblem(text, rest);
}

function loginProblem(rest: string, authority: string): string | undefined {
  if (rest.lastIndexOf('@') > authority.length)
    return `has a /, ? or # before its @: write it as %2F, %3F or %23, ${OR_ELSEWHERE}`;
  const login = authority.slice(0, Math.max(authority.lastIndexOf('@'), 0));
  if (!isDecodable(login)) return `has a % that begins no %XX: write it as %25, ${OR_ELSEWHERE}`;
  const hasPassword = /:./.test(login);
  return authority.includes('@') && !hasPassword ? 'has an @ and no password before it' : undefined;
}

function placeProblem(text: string, rest: string): string | undefined {
  if (/[?#]/.test(rest))
    return 'must not have a ? or #: there are no options, and a database stands behind the host, such as /3';
  if (!URL.canParse(text) || new URL(text).hostname === '')
    return `must have a host, and a port up to 65535 if any: ${REDIS_URL_FORM}`;
  if (!/^\/?\d*$/.test(new URL(text).pathname)) return 'must have a number as its database, such as /3';
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
