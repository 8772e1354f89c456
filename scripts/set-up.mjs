/**
 * Brings a clone to the point where its commands can run: the right Node, the locked dependencies, a build.
 * Each step does nothing where nothing is to be done. Only Node's own modules are imported here, because
 * nothing else is there yet on a fresh clone.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const MAIN = join(ROOT, 'dist/cli/main.js');

const NODE_MINIMUM = [20, 19];

/** Ends the process with a sentence where the machine, the network or the sources do not allow it. */
export function setUp() {
  install();
  build();
}

export function install() {
  requireNode();
  if (isInstalled()) return;
  console.error('tailrace: installing the dependencies of package-lock.json …');
  if (npm('ci') !== 0) {
    fail('`npm ci` failed (its output is above): check the network or the registry setting, then try again');
  }
}

/** `tsc -b` compares sources and outputs itself; on an up-to-date build it takes a fraction of a second. */
export function build() {
  const { status } = node('node_modules/typescript/bin/tsc', ['-b', 'tsconfig.build.json']);
  if (status !== 0) fail('the build failed (the compiler says why above)');
  copyScripts();
  chmodSync(MAIN, 0o755);
}

/** Runs a program of node_modules, or any script of this repository, with the terminal attached. */
export function node(script, args, env = {}) {
  return spawnSync(process.execPath, [script, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
}

export function fail(sentence) {
  console.error(`tailrace: ${sentence}`);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_MINIMUM;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(
    `needs Node ${NODE_MINIMUM.join('.')} or newer, and this is ${process.versions.node}: install a newer one`,
  );
}

/**
 * Versions are compared instead of file times: npm writes the inner lockfile last, so an install that was
 * cut short counts as none, and a checkout that only touches files does not count as a change.
 */
function isInstalled() {
  const inner = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(inner)) return false;
  const installed = lockedPackages(inner);
  return Object.entries(lockedPackages(join(ROOT, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** A user's npm cache is used where there is one; on a machine without, none is left behind. */
function npm(command) {
  const userCache = process.env.npm_config_cache;
  const hasCache = userCache !== undefined && existsSync(join(userCache, '_cacache'));
  const cache = hasCache ? userCache : mkdtempSync(join(tmpdir(), 'tailrace-npm-'));
  const args = [command, '--loglevel=error', '--logs-max=0', '--cache', cache];
  try {
    const { npm_execpath: script } = process.env;
    if (script?.endsWith('.js')) return node(script, args).status;
    return spawnSync('npm', args, { cwd: ROOT, stdio: 'inherit' }).status;
  } finally {
    if (!hasCache) rmSync(cache, { recursive: true, force: true });
  }
}

/** The compiler leaves Lua files behind; the modules that load them look beside themselves. */
function copyScripts() {
  for (const path of readdirSync(join(ROOT, 'shared'), { recursive: true })) {
    if (!path.endsWith('.lua')) continue;
    const copy = join(ROOT, 'dist/shared', path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(ROOT, 'shared', path), copy);
  }
}
