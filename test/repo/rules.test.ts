import { describe, expect, test } from 'vitest';
import * as imports from './import-rules.js';
import * as shape from './shape-rules.js';
import { repositoryFiles, type SourceFile } from './source-file.js';

interface Rule {
  readonly promise: string;
  readonly check: (files: readonly SourceFile[]) => string[];
  /** A positive control: a file that breaks the rule. */
  readonly breach: SourceFile;
}

const RULES: readonly Rule[] = [
  {
    promise: 'agent, hub and client never import each other, nor shared any of them',
    check: imports.foldersApart,
    breach: { path: 'agent/sources/publisher.ts', text: "import { feed } from '../../hub/feed.js';" },
  },
  {
    promise: 'shared/protocol imports nothing but zod',
    check: imports.protocolIsPure,
    breach: { path: 'shared/protocol/cursor.ts', text: "import { hostname } from 'node:os';" },
  },
  {
    promise: 'agent and hub know the store only by its interface',
    check: imports.storesStayBehindTheInterface,
    breach: { path: 'hub/feed.ts', text: "import { x } from '../shared/store/redis/index.js';" },
  },
  {
    promise: 'a package with one home is imported nowhere else',
    check: imports.packagesHaveOneHome,
    breach: { path: 'hub/feed.ts', text: "import type { Redis } from 'ioredis';" },
  },
  {
    promise: 'every package that the product imports is a dependency',
    check: imports.importsAreDeclared,
    breach: { path: 'hub/feed.ts', text: "const lodash = await import('lodash/fp');" },
  },
  {
    promise: 'the browser client runs in a browser',
    check: imports.browserClientIsPortable,
    breach: { path: 'client/browser.ts', text: "export { connect } from 'ws';" },
  },
  {
    promise: 'no file is longer than 300 lines',
    check: shape.filesAreShort,
    breach: { path: 'hub/feed.ts', text: 'let x;\n'.repeat(301) },
  },
  {
    promise: 'no file is named utils, helpers, manager, types or misc',
    check: shape.namesSaySomething,
    breach: { path: 'hub/helpers.ts', text: '' },
  },
  {
    promise: 'a source file begins with what it owns',
    check: shape.filesBeginWithAPurpose,
    breach: { path: 'shared/store/redis/append.lua', text: 'return 1' },
  },
  {
    promise: 'environment, arguments, signals and exit are the business of cli/main.ts alone',
    check: shape.onlyMainTouchesTheProcess,
    breach: { path: 'cli/hub.ts', text: "const url = process.env['TAILRACE_URL'];" },
  },
  {
    promise: 'the product prints through streams and loggers that it is given',
    check: shape.productDoesNotPrint,
    breach: { path: 'hub/feed.ts', text: 'console.log(1);' },
  },
  {
    promise: 'no test is retried, singled out or left for later',
    check: shape.testsAreFinishedAndNotRetried,
    breach: { path: 'test/unit/feed.test.ts', text: "test('x', { retry: 2 }, () => {});" },
  },
  {
    promise: 'no file names a machine or a package registry',
    check: shape.nothingNamesAMachine,
    breach: { path: 'README.md', text: 'cd /home/somebody/tailrace' },
  },
];

const FILES = repositoryFiles(['.ts', '.mjs', '.lua', '.md', '.json', '.yml', 'Dockerfile', '.ci/run']);
const SOURCES = FILES.filter(({ path }) => /\.(ts|mjs|lua)$/.test(path));

describe.each(RULES)('$promise', ({ check, breach }) => {
  test('holds', () => {
    expect(check(check === shape.nothingNamesAMachine ? FILES : SOURCES)).toEqual([]);
  });

  test('is noticed where it is broken', () => {
    expect(check([breach])).toHaveLength(1);
  });
});

test('an import in a comment is none, and a package is found behind its subpath', () => {
  const file = { path: 'hub/a.ts', text: "// import 'ws';\nimport x from '@hono/node-server/serve';\n" };
  expect(imports.importsOf(file).map((one) => one.package)).toEqual(['@hono/node-server']);
});

test('two files of one home are one too many', () => {
  const text = "import { watch } from 'chokidar';";
  const files = [
    { path: 'agent/a.ts', text },
    { path: 'agent/b.ts', text },
  ];
  expect(imports.packagesHaveOneHome(files)).toEqual(['chokidar is imported by several files of agent/']);
});
