/** `tailrace agent --exec`: the built program around a command, on a Redis of the test's own. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { SILENT } from '../../shared/logger.js';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { AgentStand } from '../support/agent-stand.js';
import { type StatusRig, startStatusRig } from '../support/status-rig.js';
import { runTailrace } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

const CHANNEL = 'web/sh';
const UNUSED_WRITER = undefined as never;

function standOn({ redis, directory }: StatusRig): AgentStand {
  const reader = openRedisReader({ url: redis.url, logger: SILENT });
  onTestFinished(() => reader.close());
  return new AgentStand(directory, { reader, writer: UNUSED_WRITER });
}

describe('tailrace agent --exec', () => {
  test('appends what the command prints and ends with its exit code', async () => {
    const rig = await startStatusRig();
    const agent = await rig.startAgent('--exec', '--', 'sh', '-c', 'echo one; printf two; exit 9');
    const { code, stdout } = await agent.exited;
    expect(code).toBe(9);
    expect(stdout).toBe('');
    expect(await standOn(rig).lines(CHANNEL)).toEqual(['one', 'two']);
  });

  test('passes a request to end on, and takes the last lines', async () => {
    const rig = await startStatusRig();
    const script =
      'trap "echo bye; exit 3" TERM; trap "echo again" HUP; echo ready; while :; do sleep 0.05; done';
    const agent = await rig.startAgent('--exec', '--', 'sh', '-c', script);
    const stand = standOn(rig);
    await stand.linesOnce(1, CHANNEL);
    agent.signal('SIGHUP');
    await stand.linesOnce(2, CHANNEL);
    expect((await agent.stop()).code).toBe(3);
    expect(await stand.lines(CHANNEL)).toEqual(['ready', 'again', 'bye']);
  });

  test('loses nothing of 30 MB while Redis goes away and comes back', async () => {
    const rig = await startStatusRig();
    const count = 1_000_000;
    const agent = await rig.startAgent('--exec', '--', 'seq', '-f', 'this is the line %.0f', `${count}`);
    const stand = standOn(rig);
    const channel = 'web/seq';
    await waitFor('some lines', async () => (await stand.lines(channel)).length > count / 100, {
      everyMs: 10,
    });
    await rig.redis.kill();
    await rig.redis.start();
    expect((await agent.exited).code).toBe(0);
    const lines = await stand.linesOnce(count, channel);
    expect(lines.findIndex((line, at) => line !== `this is the line ${at + 1}`)).toBe(-1);
    expect(lines).toHaveLength(count);
  });

  test.each([
    [['--exec'], /--exec must name a program/],
    [['--restart', 'always', 'app.log'], /--restart belongs to --exec/],
    [['--exec', '--restart', 'sometimes', '--', 'ls'], /--restart .*never/],
    [['--exec', '--read-from', 'end', '--', 'ls'], /--read-from belongs to files/],
  ])('%j is refused in one sentence', async (flags, sentence) => {
    const { code, stderr } = await runTailrace([
      'agent',
      '--redis',
      'redis://127.0.0.1:1',
      '--tenant',
      'a',
      ...flags,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
