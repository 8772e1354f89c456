/** The benchmarks run as a whole, small: whether they still work, not how fast anything is. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const QUESTIONS = ['file-to-redis', 'redis-to-50', 'redis-bytes', 'idle-files', 'busy-among-idle'];

interface Report {
  readonly answers: readonly {
    readonly question: string;
    readonly median: number;
    readonly ratio?: number;
  }[];
}

test('each question is answered in a table and as JSON, and nothing is left behind', {
  timeout: 120_000,
}, async () => {
  const directory = await temporaryDirectory();
  const json = join(directory, 'figures.json');
  const { stdout } = await runBench([...QUESTIONS, '--smoke', '--json', json], directory);
  const { answers } = JSON.parse(await readFile(json, 'utf8')) as Report;
  expect([...new Set(answers.map(({ question }) => question))]).toEqual(QUESTIONS);
  for (const { question, median, ratio = 1 } of answers) {
    expect(stdout).toContain(question);
    // Hundredths of a second that fifty idle files take in one second: there may be none.
    if (question === 'idle-files') expect(median).toBeGreaterThanOrEqual(0);
    else expect(Math.min(median, ratio)).toBeGreaterThan(0);
  }
  const own = (await readdir(directory)).filter((name) => name.startsWith('tailrace-'));
  expect(own).toEqual([]);
});

test('an unknown question is refused with the list of those that there are', async () => {
  const failure = await runBench(['file-to-moon'], tmpdir()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining('idle-connections') });
});

/** Temporary files go to a directory of the test's own. */
function runBench(args: readonly string[], temporary: string) {
  const env = { ...process.env, TMPDIR: temporary };
  return promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], {
    cwd: ROOT,
    env,
  });
}
