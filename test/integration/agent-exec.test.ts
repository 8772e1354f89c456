import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import {
  type AgentStand,
  agentStand,
  HOST,
  numbered,
  type StandAgentOptions,
  TENANT,
} from '../support/agent-stand.js';
import { AwayWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

const CHANNEL = `${HOST}/sh`;

/** Of a pipe that nobody reads: what the system itself holds, and what is read at a time. */
const SYSTEM_BYTES = 1024 * 1024;
const HELD_BYTES_MAX = 4 * 1024 * 1024;

async function runShell(
  stand: AgentStand,
  script: string,
  { exec = {}, ...options }: StandAgentOptions & { exec?: Record<string, unknown> } = {},
): Promise<Agent> {
  const sources = [{ exec: { command: ['sh', '-c', script], ...exec } }];
  return stand.start({ ...options, sources });
}

async function processOf(stand: AgentStand): Promise<number> {
  const { message } = await stand.noticeOnce(/^sh runs as process \d+$/);
  return Number(message.split(' ').at(-1));
}

/** `R` where it runs, `S` where it waits: for room in a pipe, say. */
async function stateOf(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.[0];
}

describe('a command whose output is a source', () => {
  test('has each line of both outputs appended once, told apart by a label', async () => {
    const stand = await agentStand();
    const agent = await runShell(stand, 'for n in 1 2 3; do echo line $n; done; echo oops >&2');
    await agent.finished;
    const lines = await stand.lines(CHANNEL);
    expect(lines.toSorted()).toEqual([...numbered(1, 3), 'oops']);
    expect(lines.filter((line) => line !== 'oops')).toEqual(numbered(1, 3));
    const page = await stand.reader.read({ tenant: TENANT, channel: CHANNEL }, VOID_POSITION, 1e6);
    const streams = page.batches.map(({ source, payload }) => [
      page.sources.get(source)?.labels['stream'],
      payload.includes('oops'),
    ]);
    expect(new Set(streams.map(String))).toEqual(new Set(['stdout,false', 'stderr,true']));
  });

  test('keeps a line together that is written in pieces, and takes a last one without an end', async () => {
    const stand = await agentStand();
    const agent = await runShell(stand, 'printf "Connection fail"; sleep 0.1; printf "ed\\nthe rest"');
    await agent.finished;
    expect(await stand.lines(CHANNEL)).toEqual(['Connection failed', 'the rest']);
  });

  test('hands its exit code on, as a shell has it', async () => {
    const codeOf = async (command: readonly string[]) => {
      const stand = await agentStand();
      const agent = await stand.start({ sources: [{ exec: { command } }] });
      await agent.finished;
      return agent.exitCode;
    };
    expect(await codeOf(['sh', '-c', 'exit 7'])).toBe(7);
    expect(await codeOf(['sh', '-c', 'kill -9 $$'])).toBe(128 + 9);
    expect(await codeOf(['no-such-program-here'])).toBe(127);
    expect(await codeOf(['/etc/passwd'])).toBe(126);
  });

  test('says which program there is not', async () => {
    const stand = await agentStand();
    await stand.start({ sources: [{ exec: { command: ['no-such-program-here'] } }] });
    await stand.noticeOnce(/^no-such-program-here cannot be started: there is no such program$/);
  });

  test('is started again after a failure, and the lines of its runs stay in order', async () => {
    const stand = await agentStand();
    await writeFile(stand.path('runs'), '');
    const script = `echo x >>${stand.path('runs')}; n=$(wc -l <${stand.path('runs')}); echo line $n; [ "$n" -eq 3 ]`;
    const agent = await runShell(stand, script, { exec: { restart: 'on-failure' } });
    await agent.finished;
    expect(await stand.lines(CHANNEL)).toEqual(numbered(1, 3));
    expect(agent.exitCode).toBe(0);
    await stand.noticeOnce(/^sh ended with exit code 1; it is started again in \d+ ms$/);
  });

  test('is not started again when it may not be', async () => {
    const stand = await agentStand();
    const agent = await runShell(stand, 'echo once; exit 1');
    await agent.finished;
    expect(await stand.lines(CHANNEL)).toEqual(['once']);
  });
});

describe('while the store is away', () => {
  test('a command waits for room in its pipe, and no line of it is lost', async () => {
    const stand = await agentStand();
    const writer = new AwayWriter(stand.writer);
    const agent = await runShell(stand, 'exec seq -f "line %.0f of a command that goes on and on" 400000', {
      writer,
    });
    const pid = await processOf(stand);
    await waitFor('a command that waits', async () => {
      const [stdout] = agent.status(1).files;
      return (stdout?.sizeBytes ?? 0) >= HELD_BYTES_MAX && (await stateOf(pid)) === 'S';
    });
    expect(agent.status(1).files[0]?.sizeBytes).toBeLessThan(HELD_BYTES_MAX + SYSTEM_BYTES);
    writer.isAway = false;
    await agent.finished;
    const lines = await stand.lines(CHANNEL);
    expect(lines).toHaveLength(400_000);
    const wrong = lines.findIndex((line, at) => line !== `line ${at + 1} of a command that goes on and on`);
    expect(wrong).toBe(-1);
    expect(agent.exitCode).toBe(0);
  });

  test('a command that is run again waits with what it prints behind the run before it', async () => {
    const stand = await agentStand();
    const writer = new AwayWriter(stand.writer);
    await writeFile(stand.path('runs'), '');
    const script = `echo x >>${stand.path('runs')}; n=$(wc -l <${stand.path('runs')}); echo line $n; [ "$n" -eq 2 ]`;
    const agent = await runShell(stand, script, { writer, exec: { restart: 'on-failure' } });
    await waitFor('two runs', async () => (await readFile(stand.path('runs'), 'utf8')).length === 4);
    writer.isAway = false;
    await agent.finished;
    expect(await stand.lines(CHANNEL)).toEqual(numbered(1, 2));
  });

  test('an agent that is stopped says how much it took and did not append, and ends as a failure', async () => {
    const stand = await agentStand();
    const writer = new AwayWriter(stand.writer);
    const agent = await runShell(stand, 'echo 123456789; exec sleep 60', {
      writer,
      timings: { stopMs: 200 },
    });
    await waitFor('a line', async () => agent.status(1).unreadBytes === 10);
    await agent.stop('SIGTERM');
    await stand.noticeOnce(/^10 bytes of stdout of sh were not appended before the end: they are lost$/);
    expect(agent.exitCode).toBeGreaterThan(0);
    expect(agent.stats().lostBytes).toBe(10);
  });
});

describe('the end of a command', () => {
  test('that is told to end comes with its last lines and its own exit code', async () => {
    const stand = await agentStand();
    const script = 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const agent = await runShell(stand, script);
    await stand.linesOnce(1, CHANNEL);
    await agent.stop('SIGTERM');
    expect(await stand.lines(CHANNEL)).toEqual(['ready', 'bye']);
    expect(agent.exitCode).toBe(3);
  });

  test('comes by force where it does not end by itself', async () => {
    const stand = await agentStand();
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const agent = await runShell(stand, script, { timings: { killMs: 100 } });
    await stand.linesOnce(1, CHANNEL);
    await agent.stop('SIGTERM');
    expect(agent.exitCode).toBe(128 + 9);
  });

  test('is the end of its source, though a program that it left behind holds its output open', async () => {
    const stand = await agentStand();
    const agent = await runShell(stand, 'sleep 300 & echo $!');
    await agent.finished;
    const [pid] = await stand.lines(CHANNEL);
    onTestFinished(() => void process.kill(Number(pid)));
    await stand.noticeOnce(/^stdout of sh: the command has ended, and something that it left behind/);
    expect(agent.exitCode).toBe(0);
  });

  test('does not come by a signal that the command takes for something else', async () => {
    const stand = await agentStand();
    const script = 'trap "echo again" HUP; echo ready; while :; do sleep 0.05; done';
    const agent = await runShell(stand, script, { timings: { killMs: 100 } });
    await stand.linesOnce(1, CHANNEL);
    agent.signal('SIGHUP');
    expect(await stand.linesOnce(2, CHANNEL)).toEqual(['ready', 'again']);
  });
});
