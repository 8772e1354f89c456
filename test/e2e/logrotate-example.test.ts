import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { HOST, TENANT } from '../support/agent-stand.js';
import { requirePrograms } from '../support/fault-programs.js';
import { startLoggingProgram } from '../support/logging-program.js';
import { compareLines } from '../support/received-lines.js';
import { redisStand } from '../support/redis-agent-stand.js';
import { startTailrace, type TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

const EXAMPLE = fileURLToPath(new URL('../../packaging/logrotate/example', import.meta.url));
const LINES_BETWEEN = 300;
/** More than the clock that logrotate asks lags behind the one of this process: a tick of the kernel. In milliseconds. */
const CLOCK_LAG_MS = 50;

/** The example with the test's file, and with the test's program as the one that is asked to open it anew. */
async function exampleFor(directory: string, pid: number): Promise<string> {
  const text = await readFile(EXAMPLE, 'utf8');
  const adapted = text
    .replace('/var/log/example/*.log', join(directory, '*.log'))
    .replace('create 0640 example adm', 'create 0640')
    .replace('systemctl kill --signal=USR1 example.service', `kill -USR1 ${pid}`);
  expect(adapted).not.toContain('example.service');
  return adapted;
}

/** A program that logs and is rotated by the example, an agent as a process, and their store. */
async function rig(context: TestContext, change: (example: string) => string = (example) => example) {
  const { logrotate } = requirePrograms(context, ['logrotate']);
  const { stand, redis } = await redisStand();
  const program = await startLoggingProgram(stand.path('app.log'));
  const config = join(await temporaryDirectory(), 'logrotate.conf');
  await writeFile(config, change(await exampleFor(stand.directory, program.pid)), { mode: 0o644 });
  const state = `${config}.state`;
  const startAgent = async (): Promise<TailraceProcess> => {
    const args = ['agent', stand.path('*.log'), '--redis', redis.url, '--tenant', TENANT, '--host', HOST];
    const agent = startTailrace(args, { env: { TMPDIR: stand.directory } });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    await agent.seeStderr(/ready: tailing/);
    return agent;
  };
  let rotatedAt = 0;
  /** Once the program has gone on for a while. Dated names count seconds. */
  const rotate = async () => {
    const path = stand.path('app.log');
    await waitFor('some lines', async () => (await stat(path)).size > LINES_BETWEEN * 30);
    await waitFor('another second', () => secondOf(Date.now() - CLOCK_LAG_MS) > rotatedAt);
    await promisify(execFile)(logrotate, ['--force', '--state', state, config]);
    rotatedAt = secondOf(Date.now());
  };
  return { stand, program, startAgent, rotate };
}

function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}

const dated = (example: string) => example.replace('nodateext', 'dateext\n    dateformat -%Y%m%d-%s');

const COUNTED_NAMES = ['app.log', 'app.log.1', 'app.log.2.gz', 'app.log.3.gz', 'app.log.4.gz'];
const PACKED = expect.stringMatching(/^app\.log-\d{8}-\d{10}\.gz$/);
const DATED_NAMES = ['app.log', PACKED, PACKED, PACKED, expect.stringMatching(/^app\.log-\d{8}-\d{10}$/)];

test.for([
  { names: 'counted', change: (example: string) => example, files: COUNTED_NAMES },
  { names: 'dated', change: dated, files: DATED_NAMES },
])(
  'with the example of logrotate and $names names every line arrives once, over rotations and compression',
  async ({ change, files }, context) => {
    const { stand, program, startAgent, rotate } = await rig(context, change);
    const first = await startAgent();
    for (let count = 1; count <= 4; count++) {
      await rotate();
      await stand.linesOnce(count * LINES_BETWEEN);
    }
    const present = (await readdir(stand.directory)).filter((name) => name.startsWith('app.log'));
    expect(present.sort()).toEqual(files);
    // Down over three rotations: what was unread then is in plain files and in compressed ones.
    await first[Symbol.asyncDispose]();
    for (let count = 1; count <= 3; count++) await rotate();
    await startAgent();
    await rotate();
    const written = await program.stop();
    const received = await stand.linesOnce(written.length);
    expect(compareLines(written, received)).toMatchObject({
      ...{ received: written.length, missingLines: 0, repeated: [], outOfOrder: [], foreign: [] },
    });
  },
);

test('keeping one rotated file would lose what an agent that is down has not read', async (context) => {
  const { stand, program, startAgent, rotate } = await rig(context, (example) =>
    example.replace('rotate 14', 'rotate 1'),
  );
  const first = await startAgent();
  await stand.linesOnce(LINES_BETWEEN);
  await first[Symbol.asyncDispose]();
  for (let count = 1; count <= 3; count++) await rotate();
  const written = await program.stop();
  await startAgent();
  const received = await waitFor('the last line', async () => {
    const lines = await stand.lines();
    return lines.at(-1) === written.at(-1) && lines;
  });
  expect(compareLines(written, received).missingLines).toBeGreaterThan(0);
});
