import { expect, test } from 'vitest';
import { ConfigError } from '../../shared/errors.js';
import { parseRedisUrl } from '../../shared/store/redis/address.js';
import { keysOfChannel, keysOfTenant } from '../../shared/store/redis/keys.js';

test.each([
  ['redis://localhost', { host: 'localhost', port: 6379, database: 0, tls: false, label: 'localhost:6379' }],
  [
    'redis://10.0.0.7:7000/3',
    { host: '10.0.0.7', port: 7000, database: 3, tls: false, label: '10.0.0.7:7000' },
  ],
  [
    'rediss://redis.example/',
    { host: 'redis.example', port: 6379, database: 0, tls: true, label: 'redis.example:6379' },
  ],
  ['redis://[::1]:6380', { host: '::1', port: 6380, database: 0, tls: false, label: '[::1]:6380' }],
])('%s', (url, address) => {
  expect(parseRedisUrl(url)).toEqual(address);
});

test('credentials are decoded and are not in the label', () => {
  const address = parseRedisUrl('redis://agent:p%40ss%2Fword@localhost');
  expect(address).toMatchObject({ username: 'agent', password: 'p@ss/word', label: 'localhost:6379' });
  expect(parseRedisUrl('redis://:only@localhost')).toMatchObject({ password: 'only' });
  expect(parseRedisUrl('redis://:only@localhost')).not.toHaveProperty('username');
});

test.each([
  'localhost:6379',
  'http://localhost',
  'redis://',
  'redis://localhost/one',
  'redis://localhost/0/1',
  'redis://localhost:99999',
  'redis://:s3cret@local host',
  'redis://:bad%escape@localhost',
  '',
])('%j is refused without repeating it', (url) => {
  let error: unknown;
  try {
    parseRedisUrl(url);
  } catch (reason) {
    error = reason;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).not.toContain('s3cret');
  expect((error as Error).cause).toBeUndefined();
});

test('a login beside the URL is taken as it is', () => {
  const address = parseRedisUrl('redis://localhost', { username: 'agent', password: 'a%41/#?@' });
  expect(address).toMatchObject({ username: 'agent', password: 'a%41/#?@', label: 'localhost:6379' });
});

test.each([
  ['redis://agent:s3cret/d@host', 'has a /, ? or # before its @: write it as %2F'],
  ['redis://agent:12/s3cret@host', 'has a /, ? or # before its @'],
  ['redis://agent:12#s3cret@host', 'has a /, ? or # before its @'],
  ['redis://agent:12?s3cret@host', 'has a /, ? or # before its @'],
  ['redis://agent:s3cret%@host', 'has a % that begins no %XX: write it as %25'],
  ['redis://agent:s3cret\n@host', 'must not hold white space: write it as %20 or %0A'],
  ['redis://agent:@host', 'has an @ and no password before it'],
  ['redis://agent@host', 'has an @ and no password before it'],
  ['redis://:@host', 'has an @ and no password before it'],
  [
    'redis://host?db=3',
    'must not have a ? or #: there are no options, and a database stands behind the host',
  ],
  ['redis://host/3#s3cret', 'must not have a ? or #'],
  ['redis://host:s3cret', 'must have a host, and a port up to 65535'],
  ['redis://:s3cret@:6379', 'must have a host'],
  ['redis://host/s3cret', 'must have a number as its database'],
  ['unix:/run/s3cret', 'must be redis://'],
])('%j is refused with its cause', (url, cause) => {
  expect(() => parseRedisUrl(url)).toThrow(`The Redis URL ${cause}`);
  expect(() => parseRedisUrl(url)).not.toThrow('s3cret');
});

test('the keys of a channel share one hash tag that no other channel or tenant has', () => {
  const keys = Object.values(keysOfChannel('tailrace:', { tenant: 'acme', channel: 'web/nginx' }));
  expect(new Set(keys.map((key) => /\{(.*?)\}/.exec(key)?.[1]))).toEqual(new Set(['acme/web/nginx']));
  expect(new Set(keys).size).toBe(5);
  expect(keysOfTenant('x:', 'acme').channels).toBe('x:{acme}:channels');
});
