/** Rotation by copy and truncate, and truncation as such: what can be read is read once, the rest is counted. */
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile, copyFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Ledger } from '../../agent/sources/ledger.js';
import { type AgentStand, agentStand, asText, numbered } from '../support/agent-stand.js';
import { CredulousWriter } from '../support/agent-writers.js';
import { AwayWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

async function write(stand: AgentStand, from: number, to: number): Promise<void> {
  await appendFile(stand.path('app.log'), asText(numbered(from, to)));
}

async function copyTruncate(stand: AgentStand, copy = 'app.log.1'): Promise<void> {
  await copyFile(stand.path('app.log'), stand.path(copy));
  await truncate(stand.path('app.log'));
}

for (const glob of ['app.log', 'app.log*']) {
  test(`copytruncate while the agent runs, with the glob ${glob}`, async () => {
    const stand = await agentStand();
    await write(stand, 1, 10);
    await stand.start({ sources: [{ include: [stand.path(glob)] }] });
    await stand.linesOnce(10);
    for (let round = 1; round <= 3; round++) {
      await write(stand, 20 * round - 9, 20 * round);
      await copyTruncate(stand, `app.log.${4 - round}`);
      await write(stand, 20 * round + 1, 20 * round + 10);
      await stand.linesOnce(20 * round + 10);
    }
    expect(await stand.lines()).toEqual(numbered(1, 70));
    expect(await stand.reader.channels('acme')).toEqual(['web/app.log']);
  });
}

test('copytruncate while the agent is down: the unread rest is read out of the copy', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 15);
  await copyTruncate(stand);
  await write(stand, 16, 40);
  await stand.start();
  expect(await stand.linesOnce(40)).toEqual(numbered(1, 40));
});

test('copytruncate twice while the agent is down', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 15);
  await copyTruncate(stand, 'app.log.2');
  await write(stand, 16, 25);
  await copyTruncate(stand, 'app.log.1');
  await write(stand, 26, 30);
  await stand.start();
  expect(await stand.linesOnce(30)).toEqual(numbered(1, 30));
});

test('the unfinished end of a copy is delivered before what came after the truncation', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  const agent = await stand.start();
  await stand.linesOnce(2);
  await agent.stop();
  await appendFile(stand.path('app.log'), 'no newline');
  await copyTruncate(stand);
  await write(stand, 3, 3);
  await stand.start();
  expect(await stand.linesOnce(4)).toEqual(['line 1', 'line 2', 'no newline', 'line 3']);
});

test('a file that shrank and grew past the old end is read from its start', async () => {
  const stand = await agentStand();
  await write(stand, 1, 100);
  const agent = await stand.start();
  await stand.linesOnce(100);
  const before = await stat(stand.path('app.log'));
  // In one step: the agent, of the same process, cannot look in between.
  writeFileSync(stand.path('app.log'), asText(numbered(1001, 1200)));
  const after = await stat(stand.path('app.log'));
  expect(after.ino).toBe(before.ino);
  expect(after.size).toBeGreaterThan(before.size);
  expect(await stand.linesOnce(300)).toEqual([...numbered(1, 100), ...numbered(1001, 1200)]);
  expect(agent.stats().truncations).toBe(1);
});

test('the same while the agent is down, with equally long and shorter content too', async () => {
  for (const lines of [50, 100, 200]) {
    const stand = await agentStand();
    await write(stand, 1001, 1100);
    const agent = await stand.start();
    await stand.linesOnce(100);
    await agent.stop();
    await writeFile(stand.path('app.log'), asText(numbered(2001, 2000 + lines)));
    await stand.start();
    expect(await stand.linesOnce(100 + lines)).toEqual([
      ...numbered(1001, 1100),
      ...numbered(2001, 2000 + lines),
    ]);
  }
});

test('without the mark the beginning of a file on the same inode is taken for read', async () => {
  const stand = await agentStand();
  const writer = new CredulousWriter(stand.writer, stand.path('app.log'));
  await write(stand, 1001, 1100);
  const agent = await stand.start({ writer });
  await stand.linesOnce(100);
  await agent.stop();
  await writeFile(stand.path('app.log'), asText(numbered(2001, 2200)));
  await stand.start({ writer });
  expect(await stand.linesOnce(200)).toEqual([...numbered(1001, 1100), ...numbered(2101, 2200)]);
});

test('bytes that a truncation took unread are counted and announced', async () => {
  const stand = await agentStand();
  await write(stand, 1, 1);
  const agent = await stand.start();
  await stand.linesOnce(1);
  await appendFile(stand.path('app.log'), 'unfinished');
  await waitFor('the agent to see the bytes', async () => {
    await appendFile(stand.path('other.log'), 'x\n');
    return (await stand.lines('web/other.log')).length > 0;
  });
  await truncate(stand.path('app.log'));
  const notice = await stand.noticeOnce(/truncated/);
  expect(notice.level).toBe('warn');
  expect(notice.message).toContain(stand.path('app.log'));
  expect(notice.fields).toMatchObject({ appendedBytes: 7, seenBytes: 17, lostBytes: 10 });
  expect(agent.stats()).toMatchObject({ truncations: 1, lostBytes: 10 });
});

test('what is read out of a copy is not counted as lost, also where nothing of the file was stored before', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const writer = new AwayWriter(stand.writer);
  await write(stand, 1, 10);
  const agent = await stand.start({ writer });
  const sizeSeen = () => agent.status(10).files.find((file) => file.path === path)?.sizeBytes;
  await waitFor('the agent to see the lines', async () => sizeSeen() === (await stat(path)).size);
  await copyTruncate(stand);
  await stand.noticeOnce(/truncated.*is read from the rotated copy/);
  await write(stand, 11, 15);
  writer.isAway = false;
  expect(await stand.linesOnce(15)).toEqual(numbered(1, 15));
  expect(agent.stats()).toMatchObject({ truncations: 1, lostBytes: 0 });
});

test('a copy made by hand beside a file that goes on is not read', async () => {
  const stand = await agentStand();
  await write(stand, 1, 5);
  const agent = await stand.start();
  await stand.linesOnce(5);
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 6, 7);
  await stand.linesOnce(7);
  await agent.stop();
  await stand.start();
  await write(stand, 8, 8);
  expect(await stand.linesOnce(8)).toEqual(numbered(1, 8));
});

test('a copy made by hand is not read when the file is rotated afterwards either', async () => {
  const stand = await agentStand();
  await write(stand, 1, 5);
  const agent = await stand.start();
  await stand.linesOnce(5);
  await copyFile(stand.path('app.log'), stand.path('app.log-20261122'));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 6, 7);
  await stand.linesOnce(7);
  await agent.stop();
  await rename(stand.path('app.log.1'), stand.path('app.log.2'));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 8, 9);
  await stand.start();
  expect(await stand.linesOnce(9)).toEqual(numbered(1, 9));
});

test('a copy made by hand of a file that was read to its end is not read when that is rotated while the agent is down', async () => {
  const stand = await agentStand();
  await write(stand, 1, 5);
  const agent = await stand.start();
  await stand.linesOnce(5);
  await agent.stop();
  // Younger than all that was read.
  await copyFile(stand.path('app.log'), stand.path('app.log-20261122'));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 6, 7);
  await stand.start();
  expect(await stand.linesOnce(7)).toEqual(numbered(1, 7));
});

test('a file that is copied and truncated while an agent looks at what is there is read out of the copy first', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 15);
  // Asked for each file that was listed, before any is opened.
  const renumber = vi.spyOn(Ledger.prototype, 'renumber').mockImplementationOnce(() => {
    copyFileSync(stand.path('app.log'), stand.path('app.log.1'));
    truncateSync(stand.path('app.log'));
    writeFileSync(stand.path('app.log'), asText(numbered(16, 40)));
  });
  onTestFinished(() => renumber.mockRestore());
  await stand.start();
  expect(await stand.linesOnce(40)).toEqual(numbered(1, 40));
});
