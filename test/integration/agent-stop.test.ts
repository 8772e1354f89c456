/** What an agent says, when it is stopped, of what it leaves behind. */
import { appendFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { AwayWriter, MuteWriter, startAndGoAway } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

const FOUR_HUNDRED = 'x'.repeat(399);

function wordsOfStop({ notices }: AgentStand): string[] {
  return notices
    .filter(({ message }) => /^stopped/.test(message))
    .map(({ level, message }) => `${level}: ${message}`);
}

test('the bytes that came while the store was away are counted, and read at the next start', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await startAndGoAway(stand, writer);
  await appendFile(stand.path('app.log'), `${FOUR_HUNDRED}\n`);
  await waitFor('them to be seen', () => agent.status(0).unreadBytes === 400 && agent.stats().storeAway);
  await agent.stop();
  expect(wordsOfStop(stand)).toEqual([
    'warn: stopped with 400 bytes of files unread; what is still on disk is read at the next start',
  ]);
  await stand.start();
  expect(await stand.linesOnce(11)).toEqual([...numbered(1, 10), FOUR_HUNDRED]);
});

test('where the store was away from the start it says that no file was read', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ writer: new MuteWriter(stand.writer) });
  await agent.stop();
  expect(wordsOfStop(stand)).toEqual([
    'warn: stopped before the store had said what it has: no file was read; what is still on disk is read at the next start',
  ]);
});

test('where the store does not answer in time they are counted as well', async () => {
  const stand = await agentStand();
  const text = asText(numbered(1, 10));
  await writeFile(stand.path('app.log'), text);
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ writer, timings: { stopMs: 50 } });
  await writer.firstAppend;
  await agent.stop();
  expect(wordsOfStop(stand)).toEqual([
    `warn: stopped before everything was appended: ${text.length} bytes of files unread; what is still on disk is read at the next start`,
  ]);
  writer.letGo();
});

test('a last line without its end is no trouble', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'line 1\nhalf');
  const agent = await stand.start();
  await stand.linesOnce(1);
  await agent.stop();
  expect(wordsOfStop(stand)).toEqual([
    'info: stopped with 4 bytes of files unread; what is still on disk is read at the next start',
  ]);
});

test('nothing is said where nothing is left, nor twice', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start();
  await stand.linesOnce(10);
  await waitFor('all to be known as stored', () => agent.status(0).unreadBytes === 0);
  await agent.stop();
  await appendFile(stand.path('app.log'), 'later\n');
  await agent.stop();
  agent.abandon();
  expect(wordsOfStop(stand)).toEqual([]);
});
