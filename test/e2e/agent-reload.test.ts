/** SIGHUP to the built `tailrace agent`, while lines are written and files rotate. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { SILENT } from '../../shared/logger.js';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { AgentStand, HOST, TENANT } from '../support/agent-stand.js';
import { announcedRandom } from '../support/fault-random.js';
import { type FaultStack, isReady, startStack } from '../support/fault-stack.js';
import { NumberedWriter, numberedLines, numberOf } from '../support/numbered-writer.js';
import { compareLines } from '../support/received-lines.js';
import { MAIN } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

const HANG_UPS = 20;
const UNUSED_WRITER = undefined as never;

test(`${HANG_UPS} hang-ups with configurations in turn, under steady writing and rotation: every line once, in order`, async () => {
  const random = announcedRandom('agent-reload');
  await using stack = await startStack();
  const file = join(stack.directory, 'app.log');
  const config = join(stack.directory, 'agent.yaml');
  using writer = new NumberedWriter({ file, keep: 50 });
  await configure(stack, config, file, 'a');
  const agent = stack.launch([MAIN, 'agent', '--config', config]);
  await isReady(agent);
  writer.startWriting(random);
  for (let round = 1; round <= HANG_UPS; round++) {
    const written = writer.written + random.between(1, 200);
    await waitFor('some lines', () => writer.written > written);
    await configure(stack, config, file, round % 2 === 0 ? 'a' : 'b', round % 5 === 0);
    agent.signal('SIGHUP');
    // Else the next one may come while this one is acted upon.
    if (random.next() < 0.5) await waitFor('a word', () => words(agent.stderr) >= round);
    if (random.next() < 0.3) writer.rotate();
  }
  writer.stopWriting();
  const lines = () => linesOf(stack);
  await waitFor('all lines', async () => (await lines()).length >= writer.written, { everyMs: 100 });
  const { code, stderr } = await agent.stop();
  const received = (await lines()).sort((a, b) => numberOf(a) - numberOf(b));
  const comparison = compareLines(numberedLines(writer.written), received);
  expect(comparison).toMatchObject({ missing: [], repeated: [], outOfOrder: [], foreign: [] });
  expect(code).toBe(0);
  expect(stderr).toMatch(/not reloaded, the agent goes on as before: .*did you mean channel\?/);
});

/** Written beside and renamed: nobody reads half of it. */
async function configure(
  stack: FaultStack,
  config: string,
  file: string,
  channel: string,
  isWrong = false,
): Promise<void> {
  const source = { include: [file], [isWrong ? 'chanel' : 'channel']: channel };
  const others = { include: [join(stack.directory, `*.${channel}`)] };
  const settings = { tenant: TENANT, host: HOST, redis: { url: stack.redis.url }, sources: [others, source] };
  await writeFile(`${config}.new`, stringify(settings));
  await rename(`${config}.new`, config);
}

function words(stderr: string): number {
  return stderr.match(/configuration (not )?reloaded/g)?.length ?? 0;
}

/** Of both channels; throws where the lines of one of them are not in order. */
async function linesOf(stack: FaultStack): Promise<string[]> {
  const reader = openRedisReader({ url: stack.redis.url, logger: SILENT });
  const stand = new AgentStand(stack.directory, { writer: UNUSED_WRITER, reader });
  try {
    const channels = [await stand.lines('a'), await stand.lines('b')];
    for (const lines of channels) {
      const numbers = lines.map(numberOf);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    return channels.flat();
  } finally {
    await reader.close();
  }
}

/** Sends SIGHUP to itself as soon as somebody listens to it, long before the agent is up. */
const HANG_UP_EARLY = `
process.on('newListener', (event) => event === 'SIGHUP' && setImmediate(() => process.kill(process.pid, event)));
`;

describe('SIGHUP to an agent', () => {
  test('that is not up yet is not lost, and does not end it', async () => {
    const stack = await startStack();
    onTestFinished(() => stack[Symbol.asyncDispose]());
    const config = join(stack.directory, 'agent.yaml');
    const preloaded = join(stack.directory, 'hang-up.mjs');
    await configure(stack, config, join(stack.directory, 'app.log'), 'a');
    await writeFile(preloaded, HANG_UP_EARLY);
    const agent = stack.launch(['--import', preloaded, MAIN, 'agent', '--config', config]);
    await agent.seeStderr(/configuration reloaded/);
    await isReady(agent);
    const { code, stderr } = await agent.stop();
    expect(code).toBe(0);
    expect(words(stderr)).toBe(1);
  });

  test('without a configuration file ends it, as a closed terminal does', async () => {
    const stack = await startStack();
    onTestFinished(() => stack[Symbol.asyncDispose]());
    const file = join(stack.directory, 'app.log');
    const agent = stack.launch([MAIN, 'agent', file, '--redis', stack.redis.url, '--tenant', TENANT]);
    await isReady(agent);
    agent.signal('SIGHUP');
    expect((await agent.exited).code).toBe(0);
  });
});
