/**
 * Who may import what. Each rule takes files and returns its violations, one sentence each; none reads the
 * disk, so that a test can show each of them a file that breaks it.
 */
import { dirname, normalize } from 'node:path/posix';
import packageJson from '../../package.json' with { type: 'json' };
import { isProduct, type SourceFile, withoutComments } from './source-file.js';

export interface Import {
  readonly file: string;
  readonly specifier: string;
  /** The package of a bare import (`@hono/node-server`), undefined for a relative one. */
  readonly package: string | undefined;
  /** The path that a relative import leads to, without suffix; undefined for a package. */
  readonly target: string | undefined;
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(['"])([^'"\n]+)\1/g;

export function importsOf(file: SourceFile): Import[] {
  return [...withoutComments(file.text).matchAll(IMPORT)].map(([, , specifier = '']) => {
    const isRelative = specifier.startsWith('.');
    return {
      file: file.path,
      specifier,
      package: isRelative ? undefined : packageOf(specifier),
      target: isRelative ? withoutSuffix(normalize(`${dirname(file.path)}/${specifier}`)) : undefined,
    };
  });
}

/** Folders that meet only over the wire or the store, and the one that binds them together. */
export function foldersApart(files: readonly SourceFile[]): string[] {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    shared: ['shared'],
    agent: ['agent', 'shared'],
    hub: ['hub', 'shared'],
    client: ['client', 'shared'],
    cli: ['cli', 'agent', 'hub', 'client', 'shared'],
  };
  return productImports(files)
    .filter(({ file, target }) => target !== undefined && !allowed[top(file)]?.includes(top(target)))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
}

export function protocolIsPure(files: readonly SourceFile[]): string[] {
  return productImports(files)
    .filter(({ file }) => file.startsWith('shared/protocol/'))
    .filter(({ package: name, target }) => name !== 'zod' && !target?.startsWith('shared/protocol/'))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
}

/** The agent writes and the hub reads: neither knows which store it talks to. */
export function storesStayBehindTheInterface(files: readonly SourceFile[]): string[] {
  return productImports(files)
    .filter(({ file }) => ['agent', 'hub', 'client'].includes(top(file)))
    .filter(({ target }) => /^shared\/store\/(redis|embedded)\//.test(target ?? ''))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
}

interface Home {
  readonly path: string;
  /** How many files at that path may import the package. */
  readonly files: number;
}

const MANY = Number.POSITIVE_INFINITY;

const HOMES: Readonly<Record<string, readonly Home[]>> = {
  ioredis: [{ path: 'shared/store/redis/', files: MANY }],
  'classic-level': [{ path: 'shared/store/embedded/', files: MANY }],
  ws: [
    { path: 'hub/', files: 1 },
    { path: 'client/', files: 1 },
  ],
  chokidar: [{ path: 'agent/', files: 1 }],
  picomatch: [{ path: 'agent/', files: 1 }],
  jsonwebtoken: [{ path: '', files: 1 }],
  pino: [{ path: 'shared/logger.ts', files: 1 }],
  yaml: [{ path: 'shared/config.ts', files: 1 }],
  re2js: [{ path: 'shared/pattern.ts', files: 1 }],
  commander: [{ path: 'cli/', files: MANY }],
  hono: [{ path: 'hub/', files: MANY }],
  '@hono/node-server': [{ path: 'hub/', files: MANY }],
  'prom-client': [{ path: 'shared/metric-set.ts', files: 1 }],
};

export function packagesHaveOneHome(files: readonly SourceFile[]): string[] {
  const imports = productImports(files);
  return Object.entries(HOMES).flatMap(([name, homes]) => {
    const importers = [...new Set(imports.filter((one) => one.package === name).map(({ file }) => file))];
    const homeless = importers.filter((file) => !homes.some(({ path }) => file.startsWith(path)));
    const crowded = homes.filter(({ path, files: most }) => {
      return importers.filter((file) => file.startsWith(path)).length > most;
    });
    return [
      ...homeless.map((file) => `${file} imports ${name}`),
      ...crowded.map(({ path }) => `${name} is imported by several files of ${path || 'the repository'}`),
    ];
  });
}

export function importsAreDeclared(files: readonly SourceFile[]): string[] {
  const declared = new Set([...Object.keys(packageJson.dependencies), packageJson.name]);
  return productImports(files)
    .filter(({ package: name }) => name !== undefined && !name.startsWith('node:') && !declared.has(name))
    .map(({ file, specifier }) => `${file} imports ${specifier}, which package.json does not list`);
}

/** Everything that the browser client pulls in must run in a browser. */
export function browserClientIsPortable(files: readonly SourceFile[]): string[] {
  const byTarget = new Map(files.map((file) => [withoutSuffix(file.path), file]));
  const seen = new Set<string>();
  const queue = ['client/browser'];
  const violations: string[] = [];
  for (let target = queue.pop(); target !== undefined; target = queue.pop()) {
    const file = byTarget.get(target);
    if (file === undefined || seen.has(target)) continue;
    seen.add(target);
    for (const one of importsOf(file)) {
      if (one.target !== undefined) queue.push(one.target);
      else if (one.package !== 'zod') violations.push(`${file.path} imports ${one.specifier}`);
    }
  }
  return violations;
}

function productImports(files: readonly SourceFile[]): Import[] {
  return files.filter(isProduct).flatMap(importsOf);
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function withoutSuffix(path: string): string {
  return path.replace(/\.(js|ts|mjs)$/, '');
}

function top(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
