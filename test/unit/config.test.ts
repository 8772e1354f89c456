import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { byteSize, duration } from '../../shared/config.js';
import { ConfigError } from '../../shared/errors.js';
import { checkConfig, loadConfig } from '../support/checked-config.js';
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

  test.each([
    ['a: *nowhere\n', /hub\.yaml: is not YAML: .*alias/],
    [`a: &a [${'x,'.repeat(9)}]\n${nested(9)}`, /hub\.yaml: is not YAML: .*alias/],
    ['a: b\n---\na: c\n', /is not YAML, line 2: another document begins here/],
    ['a: b\n]secret-value\n', /is not YAML, line 2: [^:]*$/],
  ])('that cannot be read as values is a wrong configuration: %j', async (text, problem) => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, text);
    expect(() => loadConfig(path, schema)).toThrow(ConfigError);
    expect(() => loadConfig(path, schema)).toThrow(problem);
    expect(() => loadConfig(path, schema)).not.toThrow(/secret-value/);
  });

  test('says what it wants in words, in a line for each problem', () => {
    const kinds = z.strictObject({
      ...{ list: z.array(z.string()), text: z.string(), count: z.int().min(2).max(9), flag: z.boolean() },
      ...{ word: z.enum(['a', 'b', 'c']), name: z.string().min(1), pairs: z.record(z.string(), z.string()) },
    });
    const wrong = { list: 'x', text: 7, count: 1, flag: 'yes', word: 'd', name: '', pairs: null };
    const problems = [
      'list: must be a list',
      'text: must be text: put it in quotes',
      'count: must be at least 2',
      'flag: must be true or false',
      'word: must be a, b or c',
      'name: must not be empty',
      'pairs: has no value, and must be keys with their values',
    ];
    const message = `hub.yaml: several problems:\n  - ${problems.join('\n  - ')}`;
    expect(() => checkConfig(wrong, kinds, 'hub.yaml')).toThrow(new ConfigError(message));
    const rest = { list: [], text: '', word: 'a', name: 'x', pairs: {} };
    expect(() => checkConfig({ ...rest, count: 10 }, kinds, 'hub.yaml')).toThrow(
      new ConfigError('hub.yaml: several problems:\n  - count: must be at most 9\n  - flag: is missing'),
    );
  });
});

/** Lists of aliases to the one before, each nine times as long. */
function nested(depth: number): string {
  const names = 'abcdefghij';
  return Array.from({ length: depth }, (_, index) => {
    const line = `*${names[index]},`.repeat(9);
    return `${names[index + 1]}: &${names[index + 1]} [${line}]\n`;
  }).join('');
}
