import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { byteSize, checkConfig, duration, loadConfig } from '../../shared/config.js';
import { ConfigError } from '../../shared/errors.js';
import { temporaryDirectory } from '../support/temporary.js';

const schema = z.strictObject({
  listen: z.string().optional(),
  limits: z.strictObject({ outbox: byteSize.default(1024), idle: duration.default(1000) }).optional(),
});

describe('a size', () => {
  test.each([
    ['64KiB', 65_536],
    ['1 GB', 1_000_000_000],
    ['1.5 MiB', 1_572_864],
    ['10', 10],
    [512, 512],
  ])('%s is %d bytes', (text, bytes) => {
    expect(byteSize.parse(text)).toBe(bytes);
  });

  test.each(['', 'KiB', '10 parsecs', '-1', '0', 0, -5, 1.5, '0.3b'])('%s is refused', (text) => {
    expect(byteSize.safeParse(text).success).toBe(false);
  });
});

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });
});

describe('a configuration file', () => {
  test('is read with its units', async () => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, 'listen: 127.0.0.1:1\nlimits:\n  outbox: 2MiB\n');
    expect(loadConfig(path, schema)).toEqual({
      listen: '127.0.0.1:1',
      limits: { outbox: 2_097_152, idle: 1000 },
    });
  });

  test('may be empty', async () => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, '# nothing yet\n');
    expect(loadConfig(path, schema)).toEqual({});
  });

  test('that breaks several rules is answered with all of them at once, and never with a value', () => {
    const broken = { listne: 'secret-value', limits: { outbox: 'secret-value', idel: 1 } };
    const check = () => checkConfig(broken, schema, 'hub.yaml');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(/listne: is not a known key/);
    expect(check).toThrow(/limits\.outbox: must be a size/);
    expect(check).toThrow(/limits\.idel: is not a known key/);
    expect(check).not.toThrow(/secret-value/);
  });

  test('that is missing or no YAML is named with the cause', async () => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    expect(() => loadConfig(path, schema)).toThrow(/hub\.yaml: cannot be read: ENOENT/);
    await writeFile(path, 'listen: x\na: [secret-value\n');
    expect(() => loadConfig(path, schema)).toThrow(/is not YAML, line \d/);
    expect(() => loadConfig(path, schema)).not.toThrow(/secret-value/);
  });
});
