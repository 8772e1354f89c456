import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { byteSize, duration } from '../../shared/config.js';
import { inputSchema, type JsonSchema } from '../../shared/config-schema.js';
import { ConfigError } from '../../shared/errors.js';
import { checkConfig, loadConfig } from '../support/checked-config.js';
import { temporaryDirectory } from '../support/temporary.js';

const schema = z.strictObject({
  listen: z.string().optional(),
  limits: z.strictObject({ outbox: byteSize.default(1024), idle: duration.prefault('1s') }).optional(),
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

  test.each([7, 604_800, 1.5, 0, '7', ' 30 ', '0'])(
    'without a unit is refused with what to write: %j',
    (value) => {
      expect(duration.safeParse(value).error?.issues[0]?.message).toMatch(
        /^has no unit: write .* such as 7d,/,
      );
    },
  );

  test.each(['', 'd', 'soon', '7 weeks', '-1s', '0s', '0.5ms', true, null])('%j is refused', (value) => {
    expect(duration.safeParse(value).error?.issues[0]?.message).toMatch(/^must be a duration such as/);
  });

  test('stands in the schema for editors as it is written, its default too', () => {
    const { properties } = inputSchema(z.object({ age: duration.prefault('7d') }));
    const editor = z.fromJSONSchema(properties?.['age'] as JsonSchema);
    expect(properties?.['age']).toMatchObject({ default: '7d' });
    expect(['7d', '250 MS', '7', 7].map((value) => editor.safeParse(value).success)).toEqual([
      true,
      true,
      false,
      false,
    ]);
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
    expect(() => loadConfig(path, schema)).toThrow(/is not YAML, line \d, column \d/);
    expect(() => loadConfig(path, schema)).not.toThrow(/secret-value/);
  });

  test.each([
    [`a: &a [${'x,'.repeat(9)}]\n${nested(9)}`, /hub\.yaml: is not YAML: .*alias/],
    ['a: b\n---\na: c\n', /is not YAML, line 2, column 1: another document begins here/],
    ['a: b\n]secret-value\n', /is not YAML, line 2, column 1: [^:]*$/],
  ])('that cannot be read as values is a wrong configuration: %j', async (text, problem) => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, text);
    expect(() => loadConfig(path, schema)).toThrow(ConfigError);
    expect(() => loadConfig(path, schema)).toThrow(problem);
    expect(() => loadConfig(path, schema)).not.toThrow(/secret-value/);
  });
});

describe('a name that begins with *', () => {
  test.each([
    ['a:\n  - include: [*.secret-value]\n', ['line 2, column 15']],
    ['a: *secret-value # \n', ['line 1, column 4']],
    ['a: [x, *.log,\n *.gz]\n', ['line 1, column 8', 'line 2, column 2']],
    ['a: **/*.gz\n', ['line 1, column 4']],
    ['a: *\n', ['line 1, column 4']],
  ])('without quotes is told where: %j', async (text, places) => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, text);
    const rule = 'what begins with * must be in quotes, such as "*.log"';
    for (const place of places) {
      expect(() => loadConfig(path, schema)).toThrow(`${path}: is not YAML, ${place}: ${rule}`);
    }
    expect(() => loadConfig(path, schema)).not.toThrow(/secret-value/);
  });

  test('may be the alias of a value', async () => {
    const path = join(await temporaryDirectory(), 'hub.yaml');
    await writeFile(path, 'a: &x one\nb: *x\n');
    expect(loadConfig(path, z.record(z.string(), z.string()))).toEqual({ a: 'one', b: 'one' });
  });
});

describe('a wrong value', () => {
  test('is told what is wanted in words, in a line for each problem', () => {
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
