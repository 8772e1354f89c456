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

test('the keys of a channel share one hash tag that no other channel or tenant has', () => {
  const keys = Object.values(keysOfChannel('tailrace:', { tenant: 'acme', channel: 'web/nginx' }));
  expect(new Set(keys.map((key) => /\{(.*?)\}/.exec(key)?.[1]))).toEqual(new Set(['acme/web/nginx']));
  expect(new Set(keys).size).toBe(5);
  expect(keysOfTenant('x:', 'acme').channels).toBe('x:{acme}:channels');
});
