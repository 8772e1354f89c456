import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resolveSettings, type Setting } from '../../cli/settings.js';
import { ConfigError, UsageError } from '../../shared/errors.js';
import { temporaryDirectory } from '../support/temporary.js';

const schema = z.strictObject({
  listen: z.string().regex(/:\d+$/, 'must be host:port').default('default:1'),
  redis: z.strictObject({ url: z.string(), key_prefix: z.string().optional() }).optional(),
  data_dir: z.string().optional(),
  tenant: z.string().min(1, 'must not be empty').optional(),
});

const needsTenant = schema.extend({ tenant: z.string() });

interface Given {
  readonly file?: string;
  readonly flag?: string;
  readonly env?: string;
}

async function resolveListen({ file, flag, env }: Given): Promise<string> {
  const setting = { key: 'listen', flag: '--listen', value: flag, env: 'TAILRACE_LISTEN' };
  const path = file === undefined ? undefined : await configFile(`listen: ${file}\n`);
  return resolveSettings(schema, {
    file: path,
    env: env === undefined ? {} : { TAILRACE_LISTEN: env },
    settings: [setting],
  }).listen;
}

async function configFile(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'tailrace.yaml');
  await writeFile(path, text);
  return path;
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a setting comes from', () => {
  test('its flag before anything else', async () => {
    expect(await resolveListen({ file: 'file:1', env: 'env:1', flag: 'flag:1' })).toBe('flag:1');
  });

  test('the environment before the file', async () => {
    expect(await resolveListen({ file: 'file:1', env: 'env:1' })).toBe('env:1');
  });

  test('the file where the variable is empty', async () => {
    expect(await resolveListen({ file: 'file:1', env: '' })).toBe('file:1');
  });

  test('its default where nobody says anything', async () => {
    expect(await resolveListen({})).toBe('default:1');
  });
});

describe('a setting inside another', () => {
  test('leaves what the file says beside it', async () => {
    const file = await configFile('redis: {url: redis://file, key_prefix: "mine:"}\n');
    const settings = [{ key: 'redis.url', flag: '--redis', value: 'redis://flag' }];
    const { redis } = resolveSettings(schema, { file, env: {}, settings });
    expect(redis).toEqual({ url: 'redis://flag', key_prefix: 'mine:' });
  });

  test('removes the key of the file that means the opposite', async () => {
    const file = await configFile('data_dir: /somewhere\n');
    const settings = [{ key: 'redis.url', flag: '--redis', value: 'redis://flag', replaces: 'data_dir' }];
    expect(resolveSettings(schema, { file, env: {}, settings })).not.toHaveProperty('data_dir');
  });

  test('reaches into a list', () => {
    const lists = z.object({ sources: z.array(z.object({ include: z.string(), channel: z.string() })) });
    const settings = [
      { key: 'sources', flag: 'files', value: [{ include: 'a' }] },
      { key: 'sources.0.channel', flag: '--channel', value: 'c' },
    ];
    const resolved = resolveSettings(lists, { file: undefined, env: {}, settings });
    expect(resolved.sources).toEqual([{ include: 'a', channel: 'c' }]);
  });
});

describe('a problem', () => {
  const bad: Setting = { key: 'listen', flag: '--listen', value: 'nowhere', env: 'TAILRACE_LISTEN' };

  test('of a flag is a usage error that names the flag', () => {
    const error = errorOf(() => resolveSettings(schema, { file: undefined, env: {}, settings: [bad] }));
    expect(error).toEqual(new UsageError('--listen must be host:port'));
  });

  test('of a variable is a configuration error that names the variable', () => {
    const settings = [{ ...bad, value: undefined }];
    const env = { TAILRACE_LISTEN: 'nowhere' };
    const error = errorOf(() => resolveSettings(schema, { file: undefined, env, settings }));
    expect(error).toEqual(new ConfigError('TAILRACE_LISTEN must be host:port'));
  });

  test('of a file is a configuration error, and every one is listed', async () => {
    const file = await configFile('listen: nowhere\ntenant: ""\nlisten_on: x\n');
    const error = errorOf(() => resolveSettings(schema, { file, env: {}, settings: [] }));
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).toContain(`${file}: listen: must be host:port`);
    expect(message).toContain(`${file}: tenant: must not be empty`);
    expect(message).toContain(`${file}: listen_on: is not a known key`);
  });

  test('of something missing names every way to give it', () => {
    const settings = [{ key: 'tenant', flag: '--tenant', env: 'TAILRACE_TENANT' }];
    const error = errorOf(() => resolveSettings(needsTenant, { file: undefined, env: {}, settings }));
    expect(error).toEqual(
      new UsageError('--tenant is missing (or TAILRACE_TENANT, or `tenant` in the --config file)'),
    );
  });

  test('never repeats a value, which may be a secret', async () => {
    const file = await configFile('redis: "redis://:hunter2@host"\n');
    const error = errorOf(() => resolveSettings(schema, { file, env: {}, settings: [] }));
    expect(String(error)).not.toContain('hunter2');
  });
});
