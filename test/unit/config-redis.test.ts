/** `redis` in a configuration, of an agent as of a hub: what is taken, what is refused and why. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what users write into files
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agentConfig } from '../../agent/config/config.js';
import { hubConfig } from '../../hub/config.js';
import { loadConfig } from '../support/checked-config.js';
import { temporaryDirectory } from '../support/temporary.js';

const PASSWORD = 'ab/c:d@12#3?100%41 ü';

const PROGRAMS = [
  ['an agent', agentConfig, 'tenant: acme\nsources: [{ include: [/a] }]\n'],
  ['a hub', hubConfig, 'auth: { secret_file: /etc/secret }\n'],
] as const;

describe.each(PROGRAMS)('redis of %s', (_who, schema, rest) => {
  async function redisOf(redis: string, env: Record<string, string> = {}) {
    const path = join(await temporaryDirectory(), 'some.yaml');
    await writeFile(path, `${rest}redis:\n${redis}\n`);
    return loadConfig<{ redis?: unknown }>(path, schema, env).redis;
  }

  test('takes a password as it is, whatever is in it', async () => {
    const text = '  url: redis://host\n  username: ${WHO}\n  password: ${PW}\n  key_prefix: "x:"';
    const redis = { url: 'redis://host', username: 'agent', password: PASSWORD, keyPrefix: 'x:' };
    expect(await redisOf(text, { WHO: 'agent', PW: PASSWORD })).toEqual(redis);
  });

  test('takes a variable into a URL where it means itself there', async () => {
    expect(await redisOf('  url: redis://${WHO}:${PW}@host', { WHO: 'agent', PW: 'pä55-w.rd' })).toEqual({
      url: 'redis://agent:pä55-w.rd@host',
    });
  });

  test.each(['ab/cd', '12#3', '12?3', '100%', 'a%41b', 'a@b', 'a:b', 'a b', 'ab\n', 'a\tb'])(
    'refuses a variable that would mean something else in a URL: %j',
    async (secret) => {
      for (const url of ['redis://agent:${SECRET}@host', 'redis://${SECRET}:pw@host']) {
        const loading = redisOf(`  url: ${url}`, { SECRET: secret });
        await expect(loading).rejects.toThrow(
          'redis.url: the variable SECRET holds what a URL takes for something else: set it in a key of its own',
        );
        await expect(loading).rejects.not.toThrow(secret);
      }
    },
  );

  test('may be a variable as a whole, which is checked as a URL', async () => {
    const text = '  url: ${URL}';
    expect(await redisOf(text, { URL: 'redis://a:b%2Fc@host/3' })).toEqual({ url: 'redis://a:b%2Fc@host/3' });
    const loading = redisOf(text, { URL: 'redis://a:s3cret#x@host' });
    await expect(loading).rejects.toThrow(
      /redis\.url: has a \/, \? or # before its @: .*%23, .*redis\.password/,
    );
    await expect(loading).rejects.not.toThrow('s3cret');
  });

  test.each([
    ['  url: redis://host\n  username: agent', /redis\.password: is missing/],
    ['  url: redis://a:b@host\n  password: s3cret', /redis\.url: must not have a user or password/],
    ['  url: redis://host\n  password: ""', /redis\.password: must not be empty/],
    ['  url: redis://host\n  password: 12345', /redis\.password: must be text: put it in quotes/],
    ['  url: redis://host\n  pasword: s3cret', /redis\.pasword: is not a known key; did you mean password/],
  ])('refuses %j', async (text, problem) => {
    const loading = redisOf(text);
    await expect(loading).rejects.toThrow(problem);
    await expect(loading).rejects.not.toThrow(/s3cret|12345/);
  });
});
