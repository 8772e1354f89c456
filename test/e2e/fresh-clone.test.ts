import { cp, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { ROOT } from '../repo/source-file.js';
import { TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const NOT_CLONED = new Set(['.git', 'node_modules', 'dist', '.tailrace', 'coverage', 'bench/results']);

async function clone(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'clone');
  await cp(ROOT, directory, {
    recursive: true,
    filter: (path) => !NOT_CLONED.has(relative(ROOT, path)),
  });
  return directory;
}

/** Without a registry, and without what npm keeps of it, nothing can be installed: that is no fault of ours. */
async function seeOrSkip(start: TailraceProcess, context: TestContext): Promise<void> {
  try {
    await start.seeStdout(/ app\.log .+(\n.*){5}/);
  } catch (error) {
    const isOffline = /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(start.stderr);
    if (!isOffline || process.env['CI'] === 'true') throw error;
    context.skip('npm cannot reach its registry');
  }
}

test('npm start, as the first command in a fresh clone, shows lines and ends when it is told to', async (context) => {
  const directory = await clone();
  const start = new TailraceProcess('npm', ['start', '--silent', '--', '--listen', '127.0.0.1:0'], {
    cwd: directory,
  });
  onTestFinished(() => start[Symbol.asyncDispose]());
  await seeOrSkip(start, context);
  // npm passes the signal on, so this ends only when tailrace itself has ended.
  expect(await start.stop()).toMatchObject({ code: 0 });
  expect((await readdir(join(directory, '.tailrace'))).sort()).toEqual(['demo', 'secret', 'store']);
}, 180_000);
