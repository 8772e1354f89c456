import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { From, HubMessage } from '../../shared/protocol/index.js';
import { commandsDuring } from '../support/fault-command-count.js';
import { openRawClient, type RawClient } from '../support/fault-raw-client.js';
import { type FaultStack, startStack } from '../support/fault-stack.js';

const TENANTS = ['alpha', 'beta'] as const;
const REFUSALS = 10;

let stack: FaultStack;
let url: string;

/** Both tenants have a channel `common`; only alpha has `private`, only beta has `own`. */
beforeAll(async () => {
  stack = await startStack();
  for (const tenant of TENANTS) {
    const directory = join(stack.directory, tenant);
    mkdirSync(directory);
    await stack.startAgent({ tenant, sources: [{ include: [directory], channel: '{name}' }] });
  }
  ({ url } = await stack.startHub());
  await write('alpha', 'private', 'common');
  await write('beta', 'own', 'common');
});

afterAll(() => stack[Symbol.asyncDispose]());

test('the name of a channel of another tenant is answered like a name that nobody has', async () => {
  const token = await stack.token('beta', '**');
  const theirs = await cursorOf('alpha', 'private');
  const starts: From[] = ['now', 'start', { tail: 5 }, { since: 0 }, { cursor: theirs }];
  for (const from of starts) {
    const answers = await answersTo(token, 'private', from);
    // It is an answer, and not a connection that ended in both cases.
    expect(answers.at(-1)).toMatch(/"type":"(caught_up|error)"/);
    expect(answers).toEqual(renamed(await answersTo(token, 'missing', from), 'missing', 'private'));
    expect(answers.join()).not.toContain('alpha');
  }
  for (const path of ['NAME/private', '../NAME/private', '{NAME/private}', 'NAME:private']) {
    const [ofAlpha, ofNobody] = [path.replace('NAME', 'alpha'), path.replace('NAME', 'gamma')];
    const answers = await answersTo(token, ofAlpha, 'start');
    expect(answers).toEqual(renamed(await answersTo(token, ofNobody, 'start'), 'gamma', 'alpha'));
  }
});

test('a cursor of another tenant is worth what a made-up one is worth', async () => {
  const token = await stack.token('beta', '**');
  const theirs = await cursorOf('alpha', 'common');
  const madeUp = theirs.replace(/^1\.[^.]+/, '1.madeup');
  const answers = await answersTo(token, 'common', { cursor: theirs });
  expect(answers).toEqual(renamed(await answersTo(token, 'common', { cursor: madeUp }), madeUp, theirs));
  expect(answers.join()).not.toContain('alpha');
});

test('a pattern finds channels of its own tenant only, those that appear later too', async () => {
  using everything = await open('beta', '**');
  everything.send({ type: 'subscribe', channel: '**', from: 'start' });
  await write('alpha', 'private', 'common', 'appears-later');
  await write('beta', 'common', 'last');
  const texts: string[] = [];
  const channels = new Set<string>();
  while (!channels.has('last')) {
    const text = await everything.receiveText();
    texts.push(text);
    const message = JSON.parse(text) as HubMessage;
    if (message.type === 'lines') channels.add(message.channel);
  }
  expect([...channels].sort()).toEqual(['common', 'last', 'own']);
  expect(texts.join()).not.toMatch(/alpha|private|appears-later/);
});

test('a refusal says the same of channels that exist and of those that do not', async () => {
  const token = await stack.token('beta', 'own');
  for (const [existing, missing] of [
    ['common', 'absent'],
    ['common*', 'absent*'],
    ['common/**', 'absent/**'],
  ] as const) {
    const answers = await answersTo(token, existing, 'start');
    expect(answers).toHaveLength(1);
    expect(JSON.parse(answers[0] as string)).toMatchObject({ type: 'error', code: 'forbidden' });
    expect(answers).toEqual(renamed(await answersTo(token, missing, 'start'), 'absent', 'common'));
  }
});

test('a refusal is decided without a command to the store, so that its timing tells nothing', async () => {
  await using quiet = await startQuietStack();
  const hub = await quiet.startHub();
  using allowed = await openRawClient({ url: hub.url, token: await quiet.token('beta', 'common') });
  using refused = await openRawClient({ url: hub.url, token: await quiet.token('beta', 'own') });

  const commands = await commandsDuring(quiet.redis.url, async () => {
    for (let asked = 0; asked < REFUSALS; asked += 1) {
      refused.send({ type: 'subscribe', channel: asked % 2 === 0 ? 'common' : 'absent' });
      expect(await refused.receiveOnly('error')).toMatchObject({ code: 'forbidden' });
    }
  });
  expect(commands).toEqual([]);

  const control = await commandsDuring(quiet.redis.url, async () => {
    allowed.send({ type: 'subscribe', channel: 'common', from: 'start' });
    await allowed.receiveOnly('lines');
  });
  expect(control).not.toEqual([]);
});

/** A stack whose channel `common` has a line and in which nothing runs any more but Redis. */
async function startQuietStack(): Promise<FaultStack> {
  const quiet = await startStack();
  const file = join(quiet.directory, 'common.log');
  appendFileSync(file, 'a line\n');
  const agent = await quiet.startAgent({ tenant: 'beta', sources: [{ include: [file], channel: '{name}' }] });
  const hub = await quiet.startHub();
  using reader = await openRawClient({ url: hub.url, token: await quiet.token('beta', 'common') });
  reader.send({ type: 'subscribe', channel: 'common', from: 'start' });
  await reader.receiveOnly('lines');
  await agent.stop();
  await hub.process.stop();
  return quiet;
}

/** Appends a line to each channel and waits until its owner can read it. */
async function write(tenant: string, ...channels: readonly string[]): Promise<void> {
  using reader = await open(tenant, '**');
  reader.send({ type: 'subscribe', channel: '**', from: 'now' });
  await reader.receiveOnly('caught_up');
  const pending = new Set(channels);
  for (const channel of channels) {
    appendFileSync(join(stack.directory, tenant, `${channel}.log`), `a line of ${tenant}\n`);
  }
  while (pending.size > 0) pending.delete((await reader.receiveOnly('lines')).channel);
}

async function cursorOf(tenant: string, channel: string): Promise<string> {
  using reader = await open(tenant, '**');
  reader.send({ type: 'subscribe', channel, from: 'start' });
  return (await reader.receiveOnly('lines')).cursor;
}

async function open(tenant: string, pattern: string): Promise<RawClient> {
  return openRawClient({ url, token: await stack.token(tenant, pattern) });
}

/** All that the hub says to one subscription, up to the tip of the channel or an error. */
async function answersTo(token: string, channel: string, from: From): Promise<string[]> {
  using client = await openRawClient({ url, token });
  await client.receiveOnly('ready');
  client.send({ type: 'subscribe', channel, from });
  const answers: string[] = [];
  for (;;) {
    const text = await client.receiveText().catch((closed: Error) => closed.message);
    answers.push(text);
    if (/"type":"(caught_up|error)"|^closed with/.test(text)) return answers;
  }
}

function renamed(texts: readonly string[], from: string, to: string): string[] {
  return texts.map((text) => text.replaceAll(from, to));
}
