import { chmod, rename, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { type AgentStand, agentStand, HOST, type Notice, numbered } from '../support/agent-stand.js';
import { waitFor } from '../support/wait.js';

const CHANNEL = `${HOST}/program`;

/** As an upgrade puts it there: whole and executable at once. */
async function install(stand: AgentStand, script: string): Promise<void> {
  await writeFile(stand.path('new'), `#!/bin/sh\n${script}\n`);
  await chmod(stand.path('new'), 0o755);
  await rename(stand.path('new'), stand.path('program'));
}

function source(stand: AgentStand, restart: string) {
  return { exec: { command: [stand.path('program')], restart } };
}

function messagesLike(stand: AgentStand, text: RegExp): string[] {
  return stand.notices.map(({ message }) => message).filter((message) => text.test(message));
}

function isAnotherTry({ level, message }: Notice): boolean {
  return level === 'debug' && message.includes('cannot be started');
}

/** The row of the command itself, which is there only while it cannot be started. */
function rowOf(agent: Agent) {
  return agent.status(100).files.find(({ path }) => path === 'program');
}

describe('a command that is to be started again', () => {
  test.each([
    ['whose program is away for a while', 'mv "$0" "$0.old"', /there is no such program/],
    ['whose program may not be run for a while', 'chmod -x "$0"', /EACCES/],
  ])('and %s is told once, and runs again once it can', async (_case, harm, why) => {
    const stand = await agentStand();
    await install(stand, `echo line 1; ${harm}`);
    const agent = await stand.start({ sources: [source(stand, 'always')] });
    const { level, message } = await stand.noticeOnce(
      /cannot be started: .*; it is tried again until it can be$/,
    );
    expect([level, message]).toEqual(['error', expect.stringMatching(why)]);
    expect(rowOf(agent)).toMatchObject({
      ...{ state: 'unreadable', channel: CHANNEL },
      lastError: { message: expect.stringMatching(why), isOver: false },
    });
    await install(stand, 'echo line 2; exec sleep 60');
    expect(await stand.linesOnce(2, CHANNEL)).toEqual(numbered(1, 2));
    await stand.noticeOnce(/program could be started now and runs$/);
    expect(rowOf(agent)).toBeUndefined();
    expect(messagesLike(stand, /it is tried again until/)).toHaveLength(1);
  });

  test('and cannot be started at all ends an agent that reads nothing else', async () => {
    const stand = await agentStand();
    const agent = await stand.start({ sources: [source(stand, 'always')] });
    await agent.finished;
    expect(agent.exitCode).toBe(127);
    expect(messagesLike(stand, /cannot be started/)).toEqual([
      `${stand.path('program')} cannot be started: there is no such program`,
    ]);
  });

  test('and cannot be started at first is tried again beside other sources', async () => {
    const stand = await agentStand();
    const sources = [{ include: [stand.path('*.log')] }, source(stand, 'on-failure')];
    const agent = await stand.start({ sources });
    await stand.noticeOnce(/cannot be started: .*; it is tried again until it can be$/);
    expect(rowOf(agent)?.state).toBe('unreadable');
    await waitFor('another try', () => stand.notices.some(isAnotherTry));
    expect(messagesLike(stand, /it is tried again/)).toHaveLength(1);
    await install(stand, 'echo line 1');
    expect(await stand.linesOnce(1, CHANNEL)).toEqual(numbered(1, 1));
  });
});

describe('a command that has ended and is not started again', () => {
  test.each([
    ['exit 3', /^sh ended with exit code 3; it is not started again$/],
    ['kill -9 $$', /^sh was ended by SIGKILL; it is not started again$/],
  ])('by %s is told once', async (script, text) => {
    const stand = await agentStand();
    const agent = await stand.start({ sources: [{ exec: { command: ['sh', '-c', script] } }] });
    await agent.finished;
    expect((await stand.noticeOnce(text)).level).toBe('warn');
    expect(messagesLike(stand, /ended/)).toHaveLength(1);
  });

  test('by a signal that the agent was told to pass on is nothing to tell', async () => {
    const stand = await agentStand();
    const command = ['sh', '-c', 'echo line 1; exec sleep 60'];
    const agent = await stand.start({ sources: [{ exec: { command } }] });
    await stand.linesOnce(1, `${HOST}/sh`);
    await agent.stop('SIGTERM');
    expect(agent.exitCode).toBe(128 + 15);
    expect(messagesLike(stand, /ended/)).toEqual([]);
  });

  test('beside files has nothing that is still finishing, and its exit code is not that of the agent', async () => {
    const stand = await agentStand();
    const sources = [{ include: [stand.path('*.log')] }, { exec: { command: ['sh', '-c', 'exit 3'] } }];
    const agent = await stand.start({ sources });
    await stand.noticeOnce(/^sh ended with exit code 3/);
    await waitFor('both outputs to be idle', () => agent.status(0).states.idle === 2);
    expect(agent.status(0).states.finishing).toBe(0);
    await agent.stop('SIGTERM');
    expect(agent.exitCode).toBeUndefined();
  });

  test.each([2, 78])('with %i, which means another thing of an agent, is a mere failure', async (code) => {
    const stand = await agentStand();
    const agent = await stand.start({ sources: [{ exec: { command: ['sh', '-c', `exit ${code}`] } }] });
    await agent.finished;
    expect(agent.exitCode).toBe(1);
  });
});
