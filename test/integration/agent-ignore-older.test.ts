/** `ignore_older`: old files that nobody has read are left alone until they change; nothing else is. */
import { appendFile, rename, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

async function writeOld(stand: AgentStand, name: string, lines: readonly string[]): Promise<void> {
  await writeFile(stand.path(name), asText(lines));
  await utimes(stand.path(name), LONG_AGO, LONG_AGO);
}

function sources(stand: AgentStand, ignoreOlder: object = { ignore_older: '1d' }) {
  return [{ include: [stand.path('*.log')], ...ignoreOlder }];
}

test('an old file is not begun until it changes, and then nothing of it is left out', async () => {
  const stand = await agentStand();
  await writeOld(stand, 'app.log', numbered(1, 3));
  await writeFile(stand.path('young.log'), 'young\n');
  const agent = await stand.start({ sources: sources(stand) });
  await stand.linesOnce(1, `${HOST}/young.log`);
  await stand.noticeOnce(/older than ignore_older/);
  expect(agent.stats().files).toBe(1);
  await appendFile(stand.path('app.log'), asText(numbered(4, 4)));
  expect(await stand.linesOnce(4)).toEqual(numbered(1, 4));
});

test('without ignore_older it is begun at once', async () => {
  const stand = await agentStand();
  await writeOld(stand, 'app.log', numbered(1, 3));
  await stand.start({ sources: sources(stand, {}) });
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
});

test('what an agent has begun is read to its end, however old it is by then', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
  const first = await stand.start({ sources: sources(stand) });
  await stand.linesOnce(3);
  await first.stop();
  await appendFile(stand.path('app.log'), asText(numbered(4, 6)));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeOld(stand, 'app.log', numbered(7, 9));
  await utimes(stand.path('app.log.1'), LONG_AGO, LONG_AGO);
  await stand.start({ sources: sources(stand) });
  expect(await stand.linesOnce(9)).toEqual(numbered(1, 9));
});

test('read_from: end and ignore_older leave out what was there, and no more', async () => {
  const stand = await agentStand();
  await writeOld(stand, 'app.log', numbered(1, 3));
  await stand.start({ sources: sources(stand, { ignore_older: '1d', read_from: 'end' }) });
  await stand.noticeOnce(/older than ignore_older/);
  await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
  expect(await stand.linesOnce(2)).toEqual(numbered(4, 5));
});
