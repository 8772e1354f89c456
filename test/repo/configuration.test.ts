// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what users write into files
/** The YAML in the documents, the JSON Schema for editors and the schemas that programs check with: one truth. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { agentConfig } from '../../agent/config/config.js';
import { agentFileSchema } from '../../cli/agent-settings.js';
import { hubFileSchema } from '../../cli/hub.js';
import { hubConfig } from '../../hub/config.js';
import type { JsonSchema } from '../../shared/config-schema.js';
import { codeBlocks } from './document-rules.js';
import { readSource } from './source-file.js';

describe.each([
  ['docs/agent.md', agentConfig, agentFileSchema()],
  ['docs/hub.md', hubConfig, hubFileSchema()],
] as const)('%s', (path, schema, fileSchema) => {
  const examples = codeBlocks(readSource(path), 'yaml').map((text) => parse(text) as object);
  const editor = z.fromJSONSchema(fileSchema);

  test('has examples, and programs and editors take them', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(schema.safeParse(example).error).toBeUndefined();
      expect(editor.safeParse(example).error).toBeUndefined();
    }
  });

  test('an editor refuses an unknown key and a wrong value, and takes a variable', () => {
    const [example] = examples;
    expect(editor.safeParse({ ...example, nonsense: 1 }).success).toBe(false);
    const [key, wrong] =
      path === 'docs/agent.md' ? ['open_files_max', 'many'] : ['limits', { channels: 'many' }];
    expect(editor.safeParse({ ...example, [key]: wrong }).success).toBe(false);
    const variable = typeof wrong === 'string' ? '${N}' : { channels: '${N}' };
    expect(editor.safeParse({ ...example, [key]: variable }).success).toBe(true);
  });
});

test('every key of an agent is explained to editors', () => {
  expect(unexplained(agentFileSchema())).toEqual([]);
});

test('a key that is not explained is noticed', () => {
  const properties = { a: { type: 'string' }, b: { description: 'B', properties: { c: {} } } } as const;
  expect(unexplained({ properties } as unknown as JsonSchema)).toEqual(['a', 'b.c']);
});

function unexplained(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]) => {
    if (typeof part !== 'object') return [`${prefix}${key}`];
    const items = typeof part.items === 'object' && !Array.isArray(part.items) ? part.items : {};
    const inside = [...unexplained(part, `${prefix}${key}.`), ...unexplained(items, `${prefix}${key}.`)];
    return part.description === undefined ? [`${prefix}${key}`, ...inside] : inside;
  });
}
