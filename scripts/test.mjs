/**
 * `npm test`: provides what the tests need and runs them. `npm test -- test/unit` runs a part; `--faults` runs
 * only the fault tests, and long. The last line is the count, alone: `N passed, N failed, N skipped`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideEndToEndPrograms, requireRedis } from './programs.mjs';
import { node, setUp } from './set-up.mjs';

const TIERS = ['unit', 'repo', 'conformance', 'integration', 'e2e', 'fault'];
const FAULT_ROUNDS_LONG = '1000';

const args = process.argv.slice(2);
const isFaults = args.includes('--faults');
const filters = args.filter((arg) => arg !== '--faults');
const tiers = isFaults ? ['fault'] : TIERS.filter((tier) => mayRun(tier));

setUp();
const env = providePrograms();
const { counts, status } = runVitest();
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = status === 0 && counts.failed === 0 ? 0 : 1;

/** Whether the paths given leave anything of a tier to run; arguments that are no paths decide nothing. */
function mayRun(tier) {
  const paths = filters.filter((filter) => filter.includes('test/'));
  return paths.length === 0 || paths.some((path) => path.includes(`test/${tier}`));
}

function providePrograms() {
  const faultRounds = isFaults ? { FAULT_ROUNDS: process.env.FAULT_ROUNDS ?? FAULT_ROUNDS_LONG } : {};
  if (!tiers.some((tier) => !['unit', 'repo'].includes(tier))) return faultRounds;
  const redis = requireRedis();
  if (tiers.includes('e2e')) provideEndToEndPrograms();
  return { ...faultRounds, REDIS_SERVER: redis };
}

function runVitest() {
  const directory = mkdtempSync(join(tmpdir(), 'tailrace-tests-'));
  try {
    const report = join(directory, 'report.json');
    const projects = tiers.flatMap((tier) => ['--project', tier]);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const run = node('node_modules/vitest/vitest.mjs', ['run', ...projects, ...reporters, ...filters], env);
    return { status: run.status, counts: count(report, run.status) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that failed without a failed test (it did not load, or its set-up threw) counts as one failure. */
function count(report, status) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const silent = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = results.numFailedTests + silent.length;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
