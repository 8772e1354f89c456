import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultHubSettings, hubConfig, hubSettings } from '../../hub/config.js';
import { ConfigError } from '../../shared/errors.js';
import { checkConfig } from '../support/checked-config.js';
import { temporaryDirectory } from '../support/temporary.js';

const LEAST = { redis: { url: 'redis://localhost' }, auth: { secret_file: '/etc/secret' } };

function problemsOf(value: object): string {
  try {
    checkConfig(value, hubConfig, 'hub.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return '';
}

test('needs no more than a store and a key; everything else has a default', async () => {
  const file = join(await temporaryDirectory(), 'secret');
  writeFileSync(file, 'x'.repeat(64));
  const config = checkConfig({ ...LEAST, auth: { secret_file: file } }, hubConfig, 'hub.yaml');
  const settings = hubSettings(config);
  expect(settings.listen).toEqual({ host: '127.0.0.1', port: 7700 });
  expect(settings.keys.map(({ algorithm }) => algorithm)).toEqual(['HS256']);
  const { limits, timeouts } = defaultHubSettings(settings.listen, settings.keys);
  expect([settings.limits, settings.timeouts]).toEqual([limits, timeouts]);
});

test('takes sizes and durations as people write them', () => {
  const more = { limits: { outbox_bytes: '2MiB' }, timeouts: { ping_interval: '15s' }, listen: '[::1]:80' };
  expect(checkConfig({ ...LEAST, ...more }, hubConfig, 'hub.yaml')).toMatchObject({
    limits: { outbox_bytes: 2 * 1024 * 1024 },
    timeouts: { ping_interval: 15_000 },
    listen: { host: '::1', port: 80 },
  });
});

test.each([
  ['an unknown key', { ...LEAST, limits: { conections: 1 } }, /limits\.conections: is not a known key/],
  ['no store', { auth: LEAST.auth }, /needs either redis or data_dir/],
  ['two stores', { ...LEAST, data_dir: '/data' }, /needs either redis or data_dir/],
  ['no key', { redis: LEAST.redis, auth: {} }, /auth: needs secret_file or at least one of keys/],
  ['an address without a port', { ...LEAST, listen: 'localhost' }, /listen: must be host:port/],
  [
    'a port that is none',
    { ...LEAST, listen: 'localhost:99999' },
    /listen: must have a port from 0 to 65535/,
  ],
  [
    'an Origin with a path',
    { ...LEAST, allowed_origins: ['https://a.example/x'] },
    /allowed_origins\.0: must be an origin/,
  ],
  ['a time without a unit', { ...LEAST, timeouts: { drain: 5 } }, /timeouts\.drain: has no unit/],
  ['a limit of zero', { ...LEAST, limits: { connections: 0 } }, /limits\.connections: /],
  [
    'an unknown algorithm',
    { ...LEAST, auth: { keys: [{ algorithm: 'none', file: 'f' }] } },
    /auth\.keys\.0\.algorithm/,
  ],
])('refuses %s, and names the key', (_what, value, problem) => {
  expect(problemsOf(value)).toMatch(problem);
});

test('names all problems at once', () => {
  const problems = problemsOf({ redis: { url: 'http://x' }, auth: LEAST.auth, listen: 'x', speed: 1 });
  expect(problems).toMatch(/redis\.url/);
  expect(problems).toMatch(/listen/);
  expect(problems).toMatch(/speed/);
});
