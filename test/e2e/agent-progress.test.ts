import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { requirePrograms } from '../support/fault-programs.js';
import { Screen } from '../support/screen.js';
import { type StatusRig, startStatusRig } from '../support/status-rig.js';
import { MAIN } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

const LINE =
  'a line of a log that is so long that a hundred of them are ten thousand bytes, more or less, or so\n';

/** More than is done before anybody has read of it. A hole would not do: it is skipped faster than one can look. */
const BACKLOG_BYTES = 100 * 2 ** 20;

async function writeBacklog(path: string): Promise<void> {
  const block = Buffer.from(LINE.repeat(10_000));
  const file = await open(path, 'a');
  for (let written = 0; written < BACKLOG_BYTES; written += block.length) await file.write(block);
  await file.close();
}

/** The agent on a terminal of its own, and all that it has written there. */
function startOnTerminal(script: string, rig: StatusRig) {
  const agent = ['agent', 'app.log', '--redis', rig.redis.url, '--tenant', 'acme'];
  const command = [process.execPath, MAIN, ...agent].map((word) => `'${word}'`).join(' ');
  const child = spawn(script, ['-qfec', `stty cols 100; exec ${command}`, '/dev/null'], {
    cwd: rig.directory,
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...rig.env },
  });
  const terminal = { written: '', ended: once(child, 'close') };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    terminal.written += text;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await terminal.ended;
  });
  return terminal;
}

test('a long catch-up is shown on a terminal, apart from notices, and leaves nothing behind', async (context) => {
  const { script } = requirePrograms(context, ['script']);
  const rig = await startStatusRig();
  await writeFile(rig.path('app.log'), 'a line\n');
  const terminal = startOnTerminal(script, rig);
  await waitFor('the agent', () => /ready: tailing/.test(terminal.written));
  await waitFor('its first line', async () => (await rig.statuses())[0]?.stats['lines'] === 1);
  await rig.redis.kill();
  await writeBacklog(rig.path('app.log'));
  const text = /catching up: \d B of \d+ MiB \(0 %\), waiting for the store/;
  await waitFor('the line', () => text.test(terminal.written));
  // Its end is announced while the line is there.
  await rig.redis.start();
  const { pid } = await rig.statusOnce('the end', ({ unreadBytes }) => unreadBytes === 0);
  await waitFor('the line to go', () => terminal.written.endsWith('\r\x1b[2K'));
  process.kill(pid, 'SIGTERM');
  await terminal.ended;
  const screen = new Screen();
  screen.write(terminal.written);
  const shown = screen.lines.filter((line) => line !== '');
  expect(shown.some((line) => line.endsWith('the store is back; sending goes on'))).toBe(true);
  for (const line of shown) expect(line).toMatch(/^\S*tailrace agent \w+:/);
});

test('where stderr is no terminal nothing is drawn, while it is on one that reads the same file', async (context) => {
  const { script } = requirePrograms(context, ['script']);
  const rig = await startStatusRig();
  await writeFile(rig.path('app.log'), 'a line\n');
  const agent = await rig.startAgent('app.log');
  const terminal = startOnTerminal(script, rig);
  await waitFor('the agent on the terminal', () => /ready: tailing/.test(terminal.written));
  await rig.redis.kill();
  await writeBacklog(rig.path('app.log'));
  await agent.seeStderr(/nothing is sent until the store is back/);
  await waitFor('the line', () => /catching up/.test(terminal.written));
  await rig.redis.start();
  await waitFor('the end', async () => {
    const statuses = await rig.statuses();
    return statuses.length === 2 && statuses.every(({ unreadBytes }) => unreadBytes === 0);
  });
  const { stderr } = await agent.stop();
  expect(stderr).toMatch(/the store is back/);
  expect(stderr).not.toMatch(/catching up/);
});
