/**
 * A real `tailrace agent` where signals do not come and calls fail: file systems that announce nothing, disks and
 * file servers with errors, a full disk, a clock that jumps. Every line is appended once, in order.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { SILENT } from '../../shared/logger.js';
import type { LogStore } from '../../shared/store/log-store.js';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { AgentStand, asText, HOST, numbered, TENANT } from '../support/agent-stand.js';
import { requirePrograms } from '../support/fault-programs.js';
import { type FaultStack, isReady, startStack } from '../support/fault-stack.js';
import { callsIn, isInjected, SyscallFault, underFault } from '../support/syscall-fault.js';
import { MAIN, TailraceProcess } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

interface Scene {
  readonly stack: FaultStack;
  readonly stand: AgentStand;
  readonly trace: string;
  /** What starts the agent of this scene. */
  readonly command: readonly string[];
}

async function scene({ onTestFinished }: TestContext): Promise<Scene> {
  const stack = await startStack();
  onTestFinished(() => stack[Symbol.asyncDispose]());
  const directory = join(stack.directory, 'logs');
  await mkdir(directory);
  const reader = openRedisReader({ url: stack.redis.url, logger: SILENT });
  onTestFinished(() => reader.close());
  const stand = new AgentStand(directory, { reader } as LogStore);
  const settings = { tenant: TENANT, host: HOST, sources: [{ include: [join(directory, '*.log')] }] };
  const command = [MAIN, ...(await stack.agentArguments(settings))];
  return { stack, stand, trace: join(stack.directory, 'trace'), command };
}

async function write(stand: AgentStand, from: number, to: number): Promise<void> {
  await appendFile(stand.path('app.log'), asText(numbered(from, to)));
}

for (const [code, advice, calls] of [
  ['EIO', 'look at the disk', ['pread64']],
  ['ESTALE', 'look at the network file system', ['pread64']],
  ['ESTALE', 'look at the network file system', ['pread64', 'statx']],
] as const) {
  test.concurrent(`a file that gives ${code} on ${calls.join(' and ')} is told once, and read on when it gives lines again`, async (context) => {
    const { strace } = requirePrograms(context, ['strace']);
    const { stack, stand, trace, command } = await scene(context);
    await write(stand, 1, 3);
    const agent = stack.launch(command);
    await isReady(agent);
    await stand.linesOnce(3);
    const path = stand.path('app.log');
    const faults = calls.map((call) => `${call}:error=${code}`);
    {
      const options = { strace, trace, path, faults, alsoTraced: ['openat'] };
      await using fault = await SyscallFault.into(agent.pid, options);
      await write(stand, 4, 5);
      await agent.seeStderr(new RegExp(`app\\.log cannot be read: ${code}.*${advice}`));
      await write(stand, 6, 6);
      await waitFor('more tries', async () => (await fault.calls()).filter(isInjected).length >= 3);
      // A handle that has become stale stays so: only a new one helps.
      if (code === 'ESTALE' && calls.length === 1)
        await waitFor('a new handle', async () => isOpenedAfterFault(await fault.calls()));
      expect(await stand.lines()).toEqual(numbered(1, 3));
    }
    expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
    await agent.seeStderr(/app\.log can be read again/);
    expect(agent.stderr.match(/app\.log cannot be read/g)).toHaveLength(1);
  });
}

function isOpenedAfterFault(calls: readonly string[]): boolean {
  const first = calls.findIndex(isInjected);
  return calls.slice(first).some((call) => call.includes(' openat(') && !isInjected(call));
}

test.concurrent('a new file that cannot be opened for a while is read after the one before it', async (context) => {
  const { strace } = requirePrograms(context, ['strace']);
  const { stack, stand, trace, command } = await scene(context);
  await write(stand, 1, 3);
  const agent = stack.launch(command);
  await isReady(agent);
  await stand.linesOnce(3);
  {
    const options = { strace, trace, path: stand.path('app.log'), faults: ['openat:error=EMFILE'] };
    await using _fault = await SyscallFault.into(agent.pid, options);
    await write(stand, 4, 5);
    await rename(stand.path('app.log'), stand.path('app.log.1'));
    await write(stand, 6, 7);
    await agent.seeStderr(/cannot be read: EMFILE.*ulimit -n/);
  }
  expect(await stand.linesOnce(7)).toEqual(numbered(1, 7));
});

for (const [what, fault, notice] of [
  ['on a file system that announces nothing', 'inotify_add_watch:retval=1', undefined],
  ['beyond the limit of watches', 'inotify_add_watch:error=ENOSPC', /raise fs\.inotify\.max_user_watches/],
  ['beyond the limit of watchers', 'inotify_init1:error=EMFILE', /raise fs\.inotify\.max_user_instances/],
] as const) {
  test.concurrent(`lines, rotations and new files ${what} are found all the same`, async (context) => {
    const { strace } = requirePrograms(context, ['strace']);
    const { stack, stand, trace, command } = await scene(context);
    await write(stand, 1, 2);
    const agent = launchUnder(context, stack, { strace, trace, faults: [fault] }, command);
    await isReady(agent);
    await stand.linesOnce(2);
    await write(stand, 3, 4);
    await stand.linesOnce(4);
    await write(stand, 5, 6);
    await rename(stand.path('app.log'), stand.path('app.log.1'));
    await write(stand, 7, 8);
    await writeFile(stand.path('new.log'), 'new\n');
    expect(await stand.linesOnce(8)).toEqual(numbered(1, 8));
    expect(await stand.linesOnce(1, `${HOST}/new.log`)).toEqual(['new']);
    if (notice !== undefined) await agent.seeStderr(notice);
    expect((await callsIn(trace)).some(isInjected)).toBe(true);
  });
}

function launchUnder(
  { onTestFinished }: TestContext,
  stack: FaultStack,
  options: Parameters<typeof underFault>[0],
  command: readonly string[],
): TailraceProcess {
  const args = [...underFault(options), process.execPath, ...command];
  const agent = new TailraceProcess(options.strace, args, { cwd: stack.directory });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

test.concurrent('a disk that is full cuts a line of the log and the words of the agent, and neither is lost for good', async (context) => {
  const { stand, command } = await scene(context);
  // A limit on the size of a file does what a full disk does: it takes a part of a write and refuses the rest.
  const line = 'x'.repeat(299);
  const log = stand.path('app.log');
  await run('sh', ['-c', 'ulimit -f 1; trap "" XFSZ; cat >> "$1"', 'sh', log], `${line}\n${line}\n`);
  const agent = new TailraceProcess(
    'sh',
    ['-c', 'exec "$@" 2> /dev/full', 'sh', process.execPath, ...command],
    {},
  );
  context.onTestFinished(() => agent[Symbol.asyncDispose]());
  expect(await stand.linesOnce(1)).toEqual([line]);
  await writeFile(stand.path('b.log'), '');
  await appendFile(log, `${line.slice(512 - 300)}\nlast\n`);
  expect(await stand.linesOnce(3)).toEqual([line, line, 'last']);
  expect((await agent.stop()).code).toBe(0);
});

test.concurrent('an agent whose notices nobody takes any more goes on', async (context) => {
  const { stand, command } = await scene(context);
  await write(stand, 1, 3);
  const agent = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  context.onTestFinished(() => void agent.kill('SIGKILL'));
  await once(agent.stderr, 'data');
  agent.stderr.destroy();
  await stand.linesOnce(3);
  // It has something to say of this.
  await writeFile(stand.path('app.log'), asText(numbered(11, 12)));
  expect(await stand.linesOnce(5)).toEqual([...numbered(1, 3), ...numbered(11, 12)]);
  await write(stand, 13, 14);
  expect(await stand.linesOnce(7)).toHaveLength(7);
  const ended = once(agent, 'exit');
  agent.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

async function run(program: string, args: readonly string[], input: string): Promise<void> {
  await new TailraceProcess(program, args, { input }).exited;
}
