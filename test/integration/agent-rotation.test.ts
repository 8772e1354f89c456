/** Rotation by rename: no line is lost, doubled or out of order, while the agent runs and while it is down. */
import { appendFile, open, readdir, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { waitFor } from '../support/wait.js';

/** As logrotate's `create`: app.log.1 becomes app.log.2 and so on, app.log becomes app.log.1. */
async function rotate(stand: AgentStand, keep = 9): Promise<void> {
  const names = new Set(await readdir(stand.directory));
  for (let count = keep; count >= 1; count--) {
    if (!names.has(`app.log.${count}`)) continue;
    if (count === keep) await unlink(stand.path(`app.log.${count}`));
    else await rename(stand.path(`app.log.${count}`), stand.path(`app.log.${count + 1}`));
  }
  await rename(stand.path('app.log'), stand.path('app.log.1'));
}

async function write(stand: AgentStand, from: number, to: number, name = 'app.log'): Promise<void> {
  await appendFile(stand.path(name), asText(numbered(from, to)));
}

test('a writer that goes on in the renamed file before it turns to the new one', async () => {
  const stand = await agentStand();
  await write(stand, 1, 3);
  await stand.start();
  await stand.linesOnce(3);
  const old = await open(stand.path('app.log'), 'a');
  await rotate(stand);
  await writeFile(stand.path('app.log'), '');
  await old.write(asText(numbered(4, 6)));
  await stand.linesOnce(6);
  await old.write(asText(numbered(7, 8)));
  await old.close();
  await write(stand, 9, 10);
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
});

test('a late writer to the renamed file is heard after the new file has begun', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  await stand.start({ timings: { lingerMs: 60_000 } });
  await stand.linesOnce(2);
  const old = await open(stand.path('app.log'), 'a');
  await rotate(stand);
  await write(stand, 3, 4);
  await stand.linesOnce(4);
  await old.write('late\n');
  await old.close();
  expect(await stand.linesOnce(5)).toEqual([...numbered(1, 4), 'late']);
});

test('a line that was begun before a rotation and is ended after it is one line', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  await stand.start({ timings: { lingerMs: 60_000 } });
  await stand.linesOnce(2);
  const old = await open(stand.path('app.log'), 'a');
  await old.write('Connection ');
  await rotate(stand);
  await write(stand, 3, 4);
  await stand.linesOnce(4);
  await old.write('failed\n');
  await old.close();
  expect(await stand.linesOnce(5)).toEqual([...numbered(1, 4), 'Connection failed']);
});

test('a renamed file that grows after it was finished is taken up again', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  const agent = await stand.start();
  await stand.linesOnce(2);
  await rotate(stand);
  await write(stand, 3, 3);
  await stand.linesOnce(3);
  await waitFor('the old handle to be closed', () => agent.stats().openFiles === 1);
  await appendFile(stand.path('app.log.1'), 'late\n');
  expect(await stand.linesOnce(4)).toEqual([...numbered(1, 3), 'late']);
});

test('the unfinished end of a rotated file is delivered as a line, the one of a live file is not', async () => {
  const stand = await agentStand();
  await write(stand, 1, 1);
  const agent = await stand.start();
  await stand.linesOnce(1);
  await appendFile(stand.path('app.log'), 'no newline');
  await rotate(stand);
  await writeFile(stand.path('app.log'), 'line 2\nhalf');
  const lines = await stand.linesOnce(3);
  expect(lines.toSorted()).toEqual(['line 1', 'line 2', 'no newline']);
  await waitFor('the rotated file to be let go of', () => agent.stats().openFiles === 1);
  await appendFile(stand.path('app.log'), ' a line\n');
  expect((await stand.linesOnce(4)).at(-1)).toBe('half a line');
});

test('dated names, the rotated file inside the glob, and a restart in between', async () => {
  const stand = await agentStand();
  const sources = [{ include: [stand.path('app.log*')] }];
  await write(stand, 1, 5);
  const first = await stand.start({ sources });
  await stand.linesOnce(5);
  await first.stop();
  await write(stand, 6, 7);
  await rename(stand.path('app.log'), stand.path('app.log-20261122'));
  await write(stand, 8, 9);
  const second = await stand.start({ sources });
  await stand.linesOnce(9);
  await rename(stand.path('app.log'), stand.path('app.log-20261123'));
  await write(stand, 10, 11);
  await stand.linesOnce(11);
  await second.stop();
  await stand.start({ sources });
  await write(stand, 12, 12);
  expect(await stand.linesOnce(12)).toEqual(numbered(1, 12));
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
});

test('files that were rotated before anybody read the path stay unread, also after the next rotation', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log.2'), 'ancient\n');
  await writeFile(stand.path('app.log.1'), 'old\n');
  await waitFor('the clock of the file system', async () => {
    await writeFile(stand.path('app.log'), asText(numbered(1, 2)));
    const { stat } = await import('node:fs/promises');
    const [old, now] = await Promise.all([stat(stand.path('app.log.1')), stat(stand.path('app.log'))]);
    // Marks hold whole milliseconds.
    return Math.floor(now.mtimeMs) > Math.floor(old.mtimeMs);
  });
  const agent = await stand.start();
  await stand.linesOnce(2);
  await rotate(stand);
  await write(stand, 3, 4);
  await stand.linesOnce(4);
  await agent.stop();
  await rotate(stand);
  await write(stand, 5, 6);
  await stand.start();
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
});

for (const [before, after] of [
  ['app.log.2026-11-22', 'app.log.2026-11-23'],
  ['app.log.2026-11-23-05', 'app.log.2026-11-23-06'],
  ['app.log.2026-11-23.0', 'app.log.2026-11-23.1'],
] as const) {
  test(`also where the name of the next one is ${after}, after ${before}`, async () => {
    const stand = await agentStand();
    await writeFile(stand.path(before), 'old\n');
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(stand.path(before), anHourAgo, anHourAgo);
    await write(stand, 1, 2);
    const agent = await stand.start();
    await stand.linesOnce(2);
    await rename(stand.path('app.log'), stand.path(after));
    await write(stand, 3, 4);
    await stand.linesOnce(4);
    await agent.stop();
    await stand.start();
    await write(stand, 5, 5);
    expect(await stand.linesOnce(5)).toEqual(numbered(1, 5));
  });
}

test('a new file on the inode of a deleted one is a source of its own', async () => {
  const stand = await agentStand();
  await write(stand, 1, 3);
  const first = await stand.start();
  await stand.linesOnce(3);
  await first.stop();
  // ext4 hands the inode out again at once; other file systems make this a plain new file.
  await rm(stand.path('app.log'));
  await writeFile(stand.path('app.log'), asText(['LINE 1', 'LINE 2', 'LINE 3', 'LINE 4']));
  await stand.start();
  expect(await stand.linesOnce(7)).toEqual([...numbered(1, 3), 'LINE 1', 'LINE 2', 'LINE 3', 'LINE 4']);
});

test('a renamed file keeps its channel although its new name is tailed too', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  const agent = await stand.start();
  await stand.linesOnce(2);
  await rename(stand.path('app.log'), stand.path('other.log'));
  await write(stand, 3, 3, 'other.log');
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
  await agent.stop();
  await stand.start();
  await write(stand, 4, 4, 'other.log');
  expect(await stand.linesOnce(4)).toEqual(numbered(1, 4));
});

test('a writer that is late in a file which was rotated empty just before the agent came is heard', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const first = await stand.start();
  await stand.linesOnce(10);
  await first.stop();
  await rename(stand.path('app.log'), stand.path('app.log.2'));
  await writeFile(stand.path('app.log'), '');
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), '');
  const agent = await stand.start();
  await waitFor('both files to be held', () => agent.stats().openFiles === 2);
  await appendFile(stand.path('app.log.1'), asText(numbered(11, 20)));
  await stand.linesOnce(20);
  await appendFile(stand.path('app.log'), asText(numbered(21, 30)));
  expect(await stand.linesOnce(30)).toEqual(numbered(1, 30));
});
