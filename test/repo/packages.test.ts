import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import lockfile from '../../package-lock.json' with { type: 'json' };
import {
  everyPackageRunsOnOurNode,
  type LockedPackage,
  type Lockfile,
  lockfileHasChecksums,
  lockfileNamesNoHost,
  NODE_MIN,
  satisfies,
} from './package-rules.js';
import { readSource } from './source-file.js';

const RULES: readonly [promise: string, check: (file: Lockfile) => string[], breach: LockedPackage][] = [
  [
    'the lockfile names no registry host',
    lockfileNamesNoHost,
    { integrity: 'sha512-x', resolved: 'https://mirror.example/a.tgz' },
  ],
  [
    'the lockfile has a checksum for every package that everybody needs',
    lockfileHasChecksums,
    { version: '1.0.0' },
  ],
  [
    `every package runs on Node ${NODE_MIN}`,
    everyPackageRunsOnOurNode,
    { integrity: 'sha512-x', engines: { node: '>=22.12' } },
  ],
];

describe.each(RULES)('%s', (_promise, check, breach) => {
  test('holds', () => {
    expect(check(lockfile)).toEqual([]);
  });

  test('is noticed where it is broken', () => {
    expect(check({ packages: { 'node_modules/a': breach } })).toHaveLength(1);
  });
});

test.each([
  ['>=20.19.0', true],
  ['^20.19.0 || >=22.12.0', true],
  ['^18 || ^20', true],
  ['>= 20', true],
  ['20.x', true],
  ['>=20.20', false],
  ['^18 || >=22', false],
  ['>=18 <20', false],
])('the version range %s is read rightly', (range, expected) => {
  expect(satisfies(NODE_MIN, range)).toBe(expected);
});

test('no package runs a script when it is installed', () => {
  expect(readSource('.npmrc').text).toMatch(/^ignore-scripts=true$/m);
});

test('package.json, the set-up script and the container agree on the oldest Node', () => {
  expect(packageJson.engines.node).toBe(`>=${NODE_MIN}`);
  expect(readSource('scripts/set-up.mjs').text).toContain('[20, 19]');
  expect(readSource('Dockerfile').text).toMatch(/^FROM node:20-/m);
});

test('every dependency has one exact version', () => {
  const versions = Object.values({ ...packageJson.dependencies, ...packageJson.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
