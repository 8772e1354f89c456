/** A second signal to the built `tailrace agent`: it ends at once, and leaves neither commands nor losses unsaid. */
import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type StatusRig, startStatusRig } from '../support/status-rig.js';
import { type Exit, startTailrace, type TailraceProcess } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

/** Prints ten bytes, and does not end when it is asked to. */
const STUBBORN =
  'trap "" TERM INT; echo 123456789; echo $$ >pid.new; mv pid.new pid; while :; do sleep 0.05; done';

async function rigWithoutRedis(): Promise<StatusRig> {
  const rig = await startStatusRig();
  await rig.redis.kill();
  return rig;
}

/** Not all of them count: two within half a second are taken for one that came twice. */
async function signalUntilEnd(agent: TailraceProcess, name: NodeJS.Signals): Promise<Exit> {
  const signals = setInterval(() => agent.signal(name), 100);
  try {
    return await agent.exited;
  } finally {
    clearInterval(signals);
  }
}

async function stubbornPid(rig: StatusRig): Promise<number> {
  const pid = Number(
    await waitFor('the command', () => readFile(rig.path('pid'), 'utf8').catch(() => undefined)),
  );
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')));
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Of one that nobody waits for, an entry may be left. */
async function hasEnded(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return stat.split(') ')[1]?.[0] === 'Z';
}

describe('a second signal while the store is away', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends with %i, with the command, and says what of it is lost', async (name, code) => {
    const rig = await rigWithoutRedis();
    const agent = await rig.startAgent('--exec', '--', 'sh', '-c', STUBBORN);
    const pid = await stubbornPid(rig);
    await rig.statusOnce('the line to be read', ({ unreadBytes }) => unreadBytes === 10);
    const exit = await signalUntilEnd(agent, name);
    expect(exit.code).toBe(code);
    expect(
      exit.stderr.match(/10 bytes of stdout of sh were not appended before the end: they are lost/g),
    ).toHaveLength(1);
    await waitFor('the end of the command', () => hasEnded(pid));
  });

  test('says what of standard input is lost', async () => {
    const rig = await rigWithoutRedis();
    const flags = ['--redis', rig.redis.url, '--tenant', 'acme', '--channel', 'piped', '-'];
    const agent = startTailrace(['agent', ...flags], { env: rig.env, input: 'one\ntwo\n' });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    await agent.seeStderr(/ready: tailing/);
    await rig.statusOnce('the lines to be read', ({ unreadBytes }) => unreadBytes === 8);
    const { code, stderr } = await signalUntilEnd(agent, 'SIGTERM');
    expect(code).toBe(143);
    expect(stderr).toMatch(/8 bytes of standard input were not appended before the end: they are lost/);
  });
});
