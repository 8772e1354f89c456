/**
 * Files that are copied, emptied and renamed before their reader has come to look again: what was unread is in the
 * copy, once, and is read without another write to the path. All of these were found by random histories.
 */
import { copyFile, rename, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { agentStand, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { gzip, run, standWithUnreadTail, write } from '../support/archives.js';
import { AwayWriter, MuteWriter } from '../support/away-writer.js';
import { seededRandom } from '../support/fault-random.js';
import { FickleWriter, Weather } from '../support/fickle-writer.js';
import { waitFor } from '../support/wait.js';

for (const isPacked of [false, true]) {
  test(`of a file that was copied, emptied and renamed while the store was away each line comes once: ${isPacked ? 'packed' : 'plain'}`, async () => {
    const stand = await standWithUnreadTail();
    const weather = new Weather(seededRandom(1));
    await stand.start({ writer: new FickleWriter(stand.writer, weather) });
    await stand.linesOnce(20);
    weather.isAway = true;
    await write(stand, 21, 21);
    await stand.noticeOnce(/nothing is sent/);
    await write(stand, 22, 2_000);
    await copyFile(stand.path('app.log'), stand.path('app.log-20260101'));
    await truncate(stand.path('app.log'));
    if (isPacked) await gzip(stand, 'app.log-20260101');
    await rename(stand.path('app.log'), stand.path('app.log-20260102'));
    await write(stand, 2_001, 2_010);
    weather.isAway = false;
    expect(await stand.linesOnce(2_010)).toEqual(numbered(1, 2_010));
  });
}

test('the copy of a file that was emptied before anything of it was read is read without another write', async () => {
  const stand = await standWithUnreadTail();
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 21, 30);
  const writer = new AwayWriter(stand.writer);
  await stand.start({ writer });
  await stand.noticeOnce(/nothing is sent/);
  await rename(stand.path('app.log.1'), stand.path('app.log.2'));
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  await truncate(stand.path('app.log'));
  writer.isAway = false;
  expect(await stand.linesOnce(30)).toEqual(numbered(1, 30));
});

test('rotated files that came and went unseen are read although no file is at the path', async () => {
  const stand = await standWithUnreadTail();
  const weather = new Weather(seededRandom(1));
  const writer = new FickleWriter(stand.writer, weather);
  await stand.start({ writer, timings: { lingerMs: 600_000 } });
  await stand.linesOnce(20);
  await rename(stand.path('app.log'), stand.path('app.log-20260101'));
  await write(stand, 21, 30);
  await stand.linesOnce(30);
  weather.isPaused = true;
  await write(stand, 31, 40);
  await waitFor('a batch to be under way', () => weather.waiting > 0);
  await rename(stand.path('app.log'), stand.path('app.log-20260102'));
  await write(stand, 41, 50);
  await rename(stand.path('app.log'), stand.path('app.log-20260103'));
  weather.isPaused = false;
  expect(await stand.linesOnce(50)).toEqual(numbered(1, 50));
});

test('rotated files are not taken for files of their own while the store is not there yet to say so', async () => {
  const stand = await agentStand();
  const sources = [{ include: [stand.path('app.log*')] }];
  await write(stand, 1, 10);
  const agent = await stand.start({ sources });
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 20);
  await rename(stand.path('app.log'), stand.path('app.log.2'));
  await write(stand, 21, 30);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  const writer = new MuteWriter(stand.writer);
  await stand.start({ sources, writer });
  await stand.noticeOnce(/nothing is sent/);
  writer.isAway = false;
  expect(await stand.linesOnce(30)).toEqual(numbered(1, 30));
  await writeFile(stand.path('app.log'), 'line 31\n');
  await stand.linesOnce(31);
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
});

test('a file that is packed and unpacked again while it is still being read is not read twice', async () => {
  const stand = await standWithUnreadTail();
  const writer = new HeldWriter(stand.writer);
  await stand.start({ writer });
  await writer.firstAppend;
  await write(stand, 21, 2_000);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await gzip(stand, 'app.log.1');
  await run('gunzip', [stand.path('app.log.1.gz')]);
  await write(stand, 2_001, 2_010);
  writer.letGo();
  expect(await stand.linesOnce(2_010)).toEqual(numbered(1, 2_010));
  await write(stand, 2_011, 2_011);
  expect(await stand.linesOnce(2_011)).toEqual(numbered(1, 2_011));
});
