/**
 * What happens between the moment in which an agent finds a path and its first look into the file, which is long
 * where the store is away at the start: nothing that was there, or came since, is left out or read twice.
 */
import { appendFile, copyFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Discovery } from '../../agent/discovery/discovery.js';
import { type Case, type Stage, shift, testCases } from '../support/agent-cases.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { MuteWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

const CASES = ['app.log', '*.log', 'app.log*'].flatMap((include): Case[] => [
  {
    promise: `a file that was rotated while the store was away at the start is read before those that came after it, with ${include} in the configuration`,
    include,
    fools: include === 'app.log*' ? 'head' : 'name',
    async play(stage) {
      await write(stage, 1, 3);
      await stage.upMute();
      for (let generation = 1; generation <= 3; generation++) {
        await write(stage, 10 * generation - 6, 10 * generation);
        await shift(stage);
        await write(stage, 10 * generation + 1, 10 * generation + 3);
      }
      stage.letGo();
      return numbered(1, 33);
    },
  },
  {
    promise: `a file that was rotated while the store was away at the start, and that none has come after, is read, with ${include} in the configuration`,
    include,
    fools: include === 'app.log*' ? 'head' : 'name',
    async play(stage) {
      await write(stage, 1, 3);
      await stage.upMute();
      await write(stage, 4, 5);
      await shift(stage);
      stage.letGo();
      return numbered(1, 5);
    },
  },
]);

const COPIES = Object.entries({ shorter: 1, longer: 20 }).map(
  ([what, lines]): Case => ({
    promise: `a file that was copied and truncated while the store was away at the start, and is ${what} now, is read out of the copy first`,
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 10);
      await stage.upMute();
      await copyFile(stage.path('app.log'), stage.path('app.log.1'));
      await truncate(stage.path('app.log'));
      await write(stage, 11, 10 + lines);
      stage.letGo();
      return numbered(1, 10 + lines);
    },
  }),
);

testCases([...CASES, ...COPIES]);

test('with read_from end only what was in the one file is left out, not as much of those that came after it', async () => {
  const stand = await agentStand();
  const writer = new MuteWriter(stand.writer);
  await appendFile(stand.path('app.log'), asText(numbered(1, 3)));
  await stand.start({ writer, sources: [{ include: [stand.path('*.log')], read_from: 'end' }] });
  await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await appendFile(stand.path('app.log'), asText(numbered(6, 8)));
  writer.isAway = false;
  expect(await stand.linesOnce(5)).toEqual(numbered(4, 8));
});

test('with read_from end a file that comes while the store is away at the start is read from its start', async () => {
  const stand = await agentStand();
  const writer = new MuteWriter(stand.writer);
  await stand.start({ writer, sources: [{ include: [stand.path('*.log')], read_from: 'end' }] });
  await foundSince(() => appendFile(stand.path('app.log'), asText(numbered(1, 3))));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
  writer.isAway = false;
  expect(await stand.linesOnce(5)).toEqual(numbered(1, 5));
});

test('what had been rotated before the agent started stays unread, also if the file is rotated before it is begun', async () => {
  const stand = await agentStand();
  const writer = new MuteWriter(stand.writer);
  await writeFile(stand.path('app.log.1'), 'old\n');
  await writtenLaterThan(stand, 'app.log.1', numbered(1, 3));
  await stand.start({ writer });
  await rename(stand.path('app.log.1'), stand.path('app.log.2'));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
  writer.isAway = false;
  expect(await stand.linesOnce(5)).toEqual(numbered(1, 5));
});

test('a file that was seen and deleted before it could be begun is announced', async () => {
  const stand = await agentStand();
  const writer = new MuteWriter(stand.writer);
  await appendFile(stand.path('app.log'), asText(numbered(1, 3)));
  await stand.start({ writer });
  await appendFile(stand.path('new'), asText(numbered(4, 5)));
  await rename(stand.path('new'), stand.path('app.log'));
  writer.isAway = false;
  expect(await stand.linesOnce(2)).toEqual(numbered(4, 5));
  await stand.noticeOnce(/app\.log: the file that was read last, up to byte 0, is not beside it any more/);
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
});

/** Resolves when the agent has looked for files since `change`. */
async function foundSince(change: () => Promise<void>): Promise<void> {
  const scan = vi.spyOn(Discovery.prototype, 'scan');
  onTestFinished(() => scan.mockRestore());
  await change();
  const before = scan.mock.calls.length;
  await waitFor('a look for files', () => scan.mock.calls.length > before);
}

/** Marks hold whole milliseconds. */
async function writtenLaterThan(stand: AgentStand, name: string, lines: readonly string[]): Promise<void> {
  const { mtimeMs } = await stat(stand.path(name));
  await waitFor('the clock of the file system', async () => {
    await writeFile(stand.path('app.log'), asText(lines));
    return Math.floor((await stat(stand.path('app.log'))).mtimeMs) > Math.floor(mtimeMs);
  });
}

async function write(stage: Stage, from: number, to: number): Promise<void> {
  await appendFile(stage.path('app.log'), asText(numbered(from, to)));
}
