// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what users write into files
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resolveSettings } from '../../cli/settings.js';
import { byteSize } from '../../shared/config.js';
import { inputSchema } from '../../shared/config-schema.js';
import { fillVariables } from '../../shared/config-variables.js';
import { ConfigError } from '../../shared/errors.js';
import { nearestWord } from '../../shared/near-miss.js';
import { loadConfig } from '../support/checked-config.js';
import { temporaryDirectory } from '../support/temporary.js';

const schema = z.strictObject({
  name: z.string().optional(),
  count: z.int().min(1).default(1),
  on: z.boolean().default(false),
  size: byteSize.default(1),
  lists: z
    .array(z.strictObject({ words: z.array(z.string()).default([]), limit: z.int().default(0) }))
    .default([]),
});

const env = {
  NAME: 'web-1',
  COUNT: '42',
  ON: 'true',
  SIZE: '2KiB',
  EMPTY: '',
  EVIL: 'x\ncount: 7 #',
  SECRET: 's3cr3t',
};

function fill(value: string): unknown {
  const { values, problems } = fillVariables({ name: value }, env, inputSchema(schema));
  return problems[0]?.rule ?? (values as { name: unknown }).name;
}

async function load(text: string) {
  const path = join(await temporaryDirectory(), 'some.yaml');
  await writeFile(path, text);
  return loadConfig(path, schema, env);
}

describe('a variable in a value', () => {
  test.each([
    ['${NAME}', 'web-1'],
    ['at ${NAME}/${COUNT}', 'at web-1/42'],
    ['${NONE:-fallback}', 'fallback'],
    ['${NONE:-}', ''],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${EMPTY}', ''],
    ['$${NAME}', '${NAME}'],
    ['$NAME $ {', '$NAME $ {'],
    ['^\\d+$', '^\\d+$'],
    ['$$${NAME}', '$${NAME}'],
  ])('%s becomes "%s"', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  test('is filled in once: what a variable holds is text, whatever it looks like', () => {
    expect(fillVariables('${A}', { A: '${B}', B: 'b' }, {}).values).toBe('${B}');
  });

  test.each(['${}', '${1A}', '${A-b}', '${NAME', '${a b}', '${NONE:-${NAME:-c}}', '${NAME:-${c'])(
    '%s is refused',
    (text) => {
      expect(fill(text)).toMatch(/^a variable is written/);
    },
  );

  test('becomes a number, a boolean or a size where its key wants one, and stays text elsewhere', async () => {
    const text = 'name: ${COUNT}\ncount: ${COUNT}\non: ${ON}\nsize: ${SIZE}\nlists: [{limit: "${COUNT}"}]\n';
    const lists = [{ words: [], limit: 42 }];
    expect(await load(text)).toEqual({ name: '42', count: 42, on: true, size: 2048, lists });
  });

  test('never changes the structure of the file, nor a key', async () => {
    expect(await load('name: ${EVIL}\n')).toMatchObject({ name: env.EVIL, count: 1 });
    await expect(load('${NAME}: x\n')).rejects.toThrow('${NAME}: is not a known key');
  });
});

describe('a variable that is not set', () => {
  test('is named with its key, together with all that is wrong besides', async () => {
    const loading = load('count: ${NONE}\nlists:\n  - words: [a, "b ${GONE}"]\nnmae: ${SECRET}\n');
    await expect(loading).rejects.toThrow(ConfigError);
    await expect(loading).rejects.toThrow(
      'count: the variable NONE is not set; set it, or write ${NONE:-default}',
    );
    await expect(loading).rejects.toThrow('lists.0.words.1: the variable GONE is not set');
    await expect(loading).rejects.toThrow('nmae: is not a known key; did you mean name?');
    await expect(loading).rejects.not.toThrow(/s3cr3t|expected number/);
  });

  test('ends a program in the same words', async () => {
    const file = join(await temporaryDirectory(), 'some.yaml');
    await writeFile(file, 'name: ${NONE}\n');
    expect(() => resolveSettings(schema, { file, env: {}, settings: [] })).toThrow(
      `${file}: name: the variable NONE is not set`,
    );
  });
});

test('an alias inside of what it stands for is refused and does not lead round for ever', async () => {
  await expect(load('name: &a [x, *a]\n')).rejects.toThrow(ConfigError);
});

describe('the word that was meant', () => {
  const known = ['include', 'exclude', 'read_from', 'ignore_older', 'labels', 'bytes'];
  test.each([
    ['inclde', 'include'],
    ['includes', 'include'],
    ['readFrom', 'read_from'],
    ['read-from', 'read_from'],
    ['ignore_oldr', 'ignore_older'],
    ['lables', 'labels'],
    ['byte', 'bytes'],
  ])('by %s is %s', (word, meant) => {
    expect(nearestWord(word, known)).toBe(meant);
  });

  test.each(['paths', 'x', 'multiline', ''])('by "%s" is unknown', (word) => {
    expect(nearestWord(word, known)).toBeUndefined();
  });
});
