/** Pipes and commands at the end of an agent: what is lost is counted, and nothing of theirs ends it before its time. */
import { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { agentStand } from '../support/agent-stand.js';
import { AwayWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

test('what was taken out of standard input and is not stored is counted as lost, all of it', async () => {
  const stand = await agentStand();
  const line = Buffer.from(`${'x'.repeat(1023)}\n`);
  let taken = 0;
  const input = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      taken += line.length;
      this.push(line);
    },
  });
  const agent = await stand.start({
    writer: new AwayWriter(stand.writer),
    standardInput: input,
    timings: { stopMs: 200 },
    sources: [{ include: ['-'], channel: 'x' }],
  });
  await waitFor('the agent to take no more', () => input.isPaused() && input.readableLength > 0);
  await agent.stop();
  expect(agent.stats().lostBytes).toBe(taken);
});

test('a command that may not be told to end is told of, and the agent ends all the same', async () => {
  const stand = await agentStand();
  const agent = await stand.start({
    timings: { killMs: 50, stopMs: 100 },
    sources: [{ exec: { command: ['sh', '-c', 'exec sleep 60'] }, channel: 'x' }],
  });
  const { pid } =
    /runs as process (?<pid>\d+)/.exec((await stand.noticeOnce(/runs as process/)).message)?.groups ?? {};
  const { kill } = ChildProcess.prototype;
  const children = new Set<ChildProcess>();
  // As Node.js does where the system says EPERM.
  const spy = vi.spyOn(ChildProcess.prototype, 'kill').mockImplementation(function (this: ChildProcess) {
    children.add(this);
    this.emit('error', Object.assign(new Error('kill EPERM'), { code: 'EPERM' }));
    return false;
  });
  onTestFinished(() => void spy.mockRestore());
  await agent.stop('SIGTERM');
  await waitFor('it to be told twice', () => spy.mock.calls.length >= 2);
  await stand.noticeOnce(/^sh cannot be told to end: kill EPERM; end it by hand/);
  spy.mockRestore();
  const [child] = children;
  expect(child?.pid).toBe(Number(pid));
  kill.call(child as ChildProcess, 'SIGKILL');
});
