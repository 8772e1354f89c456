import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agentConfig } from '../../agent/config/config.js';
import { createProgram } from '../../cli/command-line.js';
import { EXIT, type Shell } from '../../cli/shell.js';
import { hubConfig } from '../../hub/config.js';
import { brokenLinks, tableKeys, type Usage, usagesOf } from './document-rules.js';
import { ROOT, readSource, repositoryFiles } from './source-file.js';

const DOCUMENTS = repositoryFiles(['.md']);
const program = createProgram({ env: {} } as Shell, () => async () => {});

describe('links', () => {
  test('lead somewhere', () => {
    expect(brokenLinks(DOCUMENTS, (path) => existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('that lead nowhere are noticed', () => {
    const text = '# One\n[a](missing.md) [b](#two) [c](#one) [d](https://example.com)';
    const exists = (path: string) => path === 'A.md';
    expect(brokenLinks([{ path: 'A.md', text }], exists)).toEqual([
      'A.md links to missing.md',
      'A.md links to #two',
    ]);
  });
});

describe('commands in shell examples', () => {
  test('exist, with their flags', () => {
    expect(DOCUMENTS.flatMap(usagesOf).flatMap(problemsOf)).toEqual([]);
  });

  test('with a flag that does not exist are noticed', () => {
    const text = '```sh\ntailrace token create --tenant a \\\n  --for-ever\ntailrace fly\n```\n';
    expect(usagesOf({ path: 'A.md', text }).flatMap(problemsOf)).toEqual([
      'A.md: tailrace token create has no --for-ever',
      'A.md: there is no tailrace fly',
    ]);
  });
});

describe('the configuration reference', () => {
  test.each([
    ['docs/hub.md', hubConfig],
    ['docs/agent.md', agentConfig],
  ] as const)('%s lists exactly the keys that there are', (path, schema) => {
    expect(tableKeys(readSource(path)).sort()).toEqual(keysOf(z.toJSONSchema(schema, JSON_SCHEMA)).sort());
  });
});

test('the README lists exactly the exit codes that there are', () => {
  const codes = tableKeys(readSource('README.md')).filter((key) => /^\d+$/.test(key));
  expect(codes.map(Number).sort()).toEqual(Object.values(EXIT).sort());
});

test('the README lists exactly the commands that there are', () => {
  const commands = tableKeys(readSource('README.md')).flatMap(
    (key) => /^tailrace (\w+)/.exec(key)?.[1] ?? [],
  );
  expect([...new Set(commands)].sort()).toEqual(program.commands.map((command) => command.name()).sort());
});

function problemsOf({ path, command, flags }: Usage): string[] {
  const found = findCommand(command.split(' '), program);
  if (found === undefined) return [`${path}: there is no tailrace ${command}`];
  const known = [...found.options, ...program.options].flatMap(({ short, long }) => [short, long]);
  return flags
    .filter((flag) => !['--help', '-h', ...known].includes(flag))
    .map((flag) => `${path}: tailrace ${command} has no ${flag}`);
}

function findCommand([name, ...rest]: readonly string[], parent: Command): Command | undefined {
  const found = parent.commands.find((command) => command.name() === name);
  return found === undefined || rest.length === 0 ? found : findCommand(rest, found);
}

const JSON_SCHEMA = { io: 'input', unrepresentable: 'any' } as const;

type JsonSchema = z.core.JSONSchema._JSONSchema;

/** `limits.page_bytes`; what is inside of lists is written `sources[].include`. */
function keysOf(schema: JsonSchema, prefix = ''): string[] {
  if (typeof schema === 'boolean') return [prefix];
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, value]) =>
      keysOf(value, prefix === '' ? key : `${prefix}.${key}`),
    );
  }
  const { items, anyOf } = schema;
  const inner = anyOf?.find((one) => typeof one === 'object' && one.properties !== undefined);
  if (inner !== undefined) return [prefix, ...keysOf(inner, prefix)];
  if (items !== undefined && !Array.isArray(items) && typeof items === 'object' && items.properties) {
    return keysOf(items, `${prefix}[]`);
  }
  return [prefix];
}
