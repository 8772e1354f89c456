/** Another configuration for a running agent: which paths are read, and what becomes of those it holds. */
import { appendFile, open, rm, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { MoodyWriter } from '../support/agent-move-writers.js';
import { settings } from '../support/agent-reload.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { waitFor } from '../support/wait.js';

/** More than can be under way, so that some of it is unread while appends are held. */
const MANY = 200_000;

type Change = (agent: Agent, stand: AgentStand) => Promise<unknown>;

/** Deletes a file of which most is unread, makes the change, and returns what arrives. */
async function deletedUnread(change: Change): Promise<string[]> {
  const stand = await agentStand();
  const writer = new HeldWriter(stand.writer);
  await writeFile(stand.path('app.log'), asText(numbered(1, MANY)));
  const agent = await stand.start({ writer });
  await writer.firstAppend;
  await rm(stand.path('app.log'));
  const changed = change(agent, stand);
  writer.letGo();
  await changed;
  await writeFile(stand.path('last.log'), 'last\n');
  await stand.linesOnce(1, `${HOST}/last.log`);
  await waitFor('the file to be let go of', () => agent.stats().openFiles <= 1);
  return stand.lines();
}

test('a deleted file that is not read yet is read to its end over a reload that does not concern it', async () => {
  const lines = await deletedUnread(async (agent, stand) => {
    const other = { include: [stand.path('*.txt')], channel: 'other' };
    agent.reload(settings([other, { include: [stand.path('*.log')] }]));
  });
  expect(lines).toEqual(numbered(1, MANY));
});

test('a deleted file that is not read yet is read to its end over a reload that drops its path', async () => {
  const lines = await deletedUnread(async (agent, stand) => {
    agent.reload(settings([{ include: [stand.path('last.log')] }]));
  });
  expect(lines).toEqual(numbered(1, MANY));
});

test('dropped paths, deleted or not, are read to their end after the store was away', async () => {
  const stand = await agentStand();
  const writer = new MoodyWriter(stand.writer);
  writer.mood = 'refuses';
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  await writeFile(stand.path('kept.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ writer });
  await waitFor('both to be tried', () => writer.failed > 1);
  await rm(stand.path('app.log'));
  agent.reload(settings([{ include: [stand.path('*.txt')] }]));
  const { failed } = writer;
  await waitFor('both to be tried again', () => writer.failed > failed + 1);
  writer.mood = 'takes';
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
  expect(await stand.linesOnce(10, `${HOST}/kept.log`)).toEqual(numbered(1, 10));
  await waitFor('both to be let go of', () => agent.stats().files === 0 && agent.stats().openFiles === 0);
});

test('what is still written to a deleted file of a dropped path arrives', async () => {
  const stand = await agentStand();
  const log = await open(stand.path('app.log'), 'a');
  onTestFinished(() => log.close());
  await log.appendFile(asText(numbered(1, 10)));
  const agent = await stand.start({ timings: { lingerMs: 60_000 } });
  await stand.linesOnce(10);
  await rm(stand.path('app.log'));
  agent.reload(settings([{ include: [stand.path('*.txt')] }]));
  await writeFile(stand.path('other.txt'), 'other\n');
  await stand.linesOnce(1, `${HOST}/other.txt`);
  await log.appendFile(asText(numbered(11, 12)));
  expect(await stand.linesOnce(12)).toEqual(numbered(1, 12));
});

test('an agent that is started anew in place of a reload loses that file', async () => {
  const lines = await deletedUnread(async (agent, stand) => {
    await agent.stop();
    await stand.start();
  });
  expect(lines.length).toBeLessThan(MANY);
});

test('new paths are read, from their present end where the configuration says so', async () => {
  const stand = await agentStand();
  const logs = { include: [stand.path('*.log')] };
  await writeFile(stand.path('app.txt'), asText(numbered(1, 5)));
  await writeFile(stand.path('all.csv'), asText(numbered(1, 2)));
  const agent = await stand.start({ sources: [logs] });
  const texts = { include: [stand.path('*.txt')], read_from: 'end' };
  agent.reload(settings([logs, texts, { include: [stand.path('*.csv')] }]));
  await appendFile(stand.path('app.txt'), asText(numbered(6, 7)));
  expect(await stand.linesOnce(2, `${HOST}/app.txt`)).toEqual(numbered(6, 7));
  expect(await stand.linesOnce(2, `${HOST}/all.csv`)).toEqual(numbered(1, 2));
});

test('a path that is dropped is let go of, and goes on where it ended when it is wanted again', async () => {
  const stand = await agentStand();
  const [logs, texts] = [{ include: [stand.path('*.log')] }, { include: [stand.path('*.txt')] }];
  await writeFile(stand.path('app.log'), asText(numbered(1, 5)));
  await writeFile(stand.path('other.txt'), 'other\n');
  const agent = await stand.start({ sources: [logs, texts] });
  await stand.linesOnce(5);
  agent.reload(settings([texts]));
  await waitFor('the path to be let go of', () => agent.stats().files === 1);
  await appendFile(stand.path('app.log'), asText(numbered(6, 8)));
  agent.reload(settings([logs, texts]));
  expect(await stand.linesOnce(8)).toEqual(numbered(1, 8));
});

test('standard input flows on over a reload that does not name it any more', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const logs = { include: [stand.path('*.log')] };
  await writeFile(stand.path('app.log'), 'line\n');
  const sources = [{ include: ['-'], channel: 'piped' }, logs];
  const agent = await stand.start({ sources, standardInput });
  standardInput.write('one\ntw');
  await stand.linesOnce(1, 'piped');
  agent.reload(settings([logs]));
  await stand.noticeOnce(/does not take over another source of standard input/);
  standardInput.write('o\n');
  expect(await stand.linesOnce(2, 'piped')).toEqual(['one', 'two']);
  agent.reload(settings([logs]));
  expect(stand.notices.filter(({ message }) => /does not take over/.test(message))).toHaveLength(2);
  agent.reload(settings(sources));
  expect(stand.notices.filter(({ message }) => /does not take over/.test(message))).toHaveLength(2);
});

test('what a running agent cannot take over is named, and the rest holds', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'line\n');
  const agent = await stand.start({ sources: [{ include: [stand.path('*.txt')] }] });
  const others = { open_files_max: 99, retention: { age: '1d' } };
  agent.reload(settings([{ include: [stand.path('*.log')] }], others));
  await stand.noticeOnce(/does not take over another open_files_max, retention: restart it/);
  expect(await stand.linesOnce(1)).toEqual(['line']);
});

test.each([
  ['tenant', { tenant: 'other' }],
  ['host', { host: 'other' }],
  ['redis', { redis: { url: 'redis://127.0.0.1:1' } }],
])('nothing of a configuration with another %s is taken over', async (key, other) => {
  const stand = await agentStand();
  await writeFile(stand.path('theirs.log'), 'not for this one\n');
  const agent = await stand.start({ sources: [{ include: [stand.path('*.txt')] }] });
  const theirs = [{ include: [stand.path('*.log')], channel: 'theirs' }];
  agent.reload(settings(theirs, { ...other, open_files_max: 99 }));
  const sentence = new RegExp(
    `not reloaded, the agent goes on as before: it has another .*\\b${key}\\b.*restart`,
  );
  expect(await stand.noticeOnce(sentence)).toMatchObject({ level: 'error' });
  await writeFile(stand.path('ours.txt'), 'line\n');
  expect(await stand.linesOnce(1, `${HOST}/ours.txt`)).toEqual(['line']);
  expect(await stand.lines('theirs')).toEqual([]);
  expect(agent.stats().files).toBe(1);
  agent.reload(settings(theirs));
  expect(await stand.linesOnce(1, 'theirs')).toEqual(['not for this one']);
});
