/**
 * Rotated files that were compressed: what was unread of them is read out of the archive, once and in order,
 * and an archive of what was read is never read at all. The programs are the real gzip and xz.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter, ObliviousWriter } from '../support/agent-writers.js';
import { gzip, gzipAnew, move, run, sourcesIn, standWithUnreadTail, write } from '../support/archives.js';
import { AwayWriter, startAndGoAway } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

for (const glob of ['app.log', 'app.log*', '*']) {
  for (const compress of [gzip, gzipAnew]) {
    test(`the unread rest of a file that was compressed while the agent was down is read, once: ${glob}, ${compress.name}`, async () => {
      const stand = await standWithUnreadTail([{ glob }]);
      await move(stand, 'app.log', 'app.log.1');
      await compress(stand, 'app.log.1');
      await write(stand, 21, 30);
      const again = { sources: sourcesIn(stand, [{ glob }]) };
      const agent = await stand.start(again);
      await stand.linesOnce(30);
      await agent.stop();
      await stand.start(again);
      await write(stand, 31, 31);
      expect(await stand.linesOnce(31)).toEqual(numbered(1, 31));
      expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
    });
  }
}

test('of a format that is not unpacked the rest is missing, which is told once', async () => {
  const stand = await standWithUnreadTail();
  await move(stand, 'app.log', 'app.log.1');
  await run('xz', [stand.path('app.log.1')]);
  await write(stand, 21, 30);
  const agent = await stand.start();
  expect(await stand.linesOnce(20)).toEqual([...numbered(1, 10), ...numbered(21, 30)]);
  const notice = await stand.noticeOnce(/app\.log\.1\.xz may hold lines .*only \.gz/);
  expect(notice.level).toBe('warn');
  expect(agent.stats().archivesNotRead).toBe(1);
  await run('xz', ['-dk', stand.path('app.log.1.xz')]);
  expect((await stand.linesOnce(30)).slice(20)).toEqual(numbered(11, 20));
  expect(stand.notices.filter(({ message }) => /\.xz/.test(message))).toHaveLength(1);
});

for (const compress of [gzip, gzipAnew]) {
  test(`generations that were rotated and compressed unseen are read in order of age: ${compress.name}`, async () => {
    const stand = await standWithUnreadTail();
    for (let generation = 1; generation <= 4; generation++) {
      for (let count = generation; count > 2; count--)
        await move(stand, `app.log.${count - 1}.gz`, `app.log.${count}.gz`);
      if (generation > 1) {
        await move(stand, 'app.log.1', 'app.log.2');
        await compress(stand, 'app.log.2');
      }
      await move(stand, 'app.log', 'app.log.1');
      await write(stand, 10 * generation + 11, 10 * generation + 20);
    }
    await stand.start();
    expect(await stand.linesOnce(60)).toEqual(numbered(1, 60));
  });
}

test('dated archives, of which some were read, and a restart after each', async () => {
  const stand = await agentStand();
  for (let day = 1; day <= 5; day++) {
    await write(stand, 10 * day - 9, 10 * day - 5);
    const agent = await stand.start();
    await stand.linesOnce(10 * day - 5);
    await agent.stop();
    await write(stand, 10 * day - 4, 10 * day);
    await move(stand, 'app.log', `app.log-2026112${day}`);
    await gzip(stand, `app.log-2026112${day}`);
  }
  await write(stand, 51, 51);
  await stand.start();
  expect(await stand.linesOnce(51)).toEqual(numbered(1, 51));
});

test('an archive of what was read is not read again, whenever it was made and whatever its time', async () => {
  const stand = await agentStand();
  for (const compress of [gzip, gzipAnew, gzip]) {
    const agent = await stand.start();
    const last = (await stand.lines().catch(() => [])).length;
    await write(stand, last + 1, last + 10);
    await stand.linesOnce(last + 10);
    await agent.stop();
    for (const count of [2, 1])
      await move(stand, `app.log.${count}.gz`, `app.log.${count + 1}.gz`).catch(() => {});
    await move(stand, 'app.log', 'app.log.1');
    await compress(stand, 'app.log.1');
  }
  await stand.start();
  await write(stand, 31, 35);
  expect(await stand.linesOnce(35)).toEqual(numbered(1, 35));
  expect(stand.notices.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('without marks an archive of what was read is taken for a new file', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await agent.stop();
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await write(stand, 11, 15);
  await stand.start({ writer: new ObliviousWriter(stand.writer) });
  expect(await stand.linesOnce(25)).toEqual([...numbered(1, 10), ...numbered(1, 15)]);
});

test('a file that is compressed while it is read is read to its end, and its archive is not', async () => {
  const stand = await agentStand();
  const last = 20_000;
  // More than a lineage reads before it looks around: the archive is seen while most of the file is unread.
  const long = numbered(1, last).map((line) => line.padEnd(1_000, 'x'));
  await writeFile(stand.path('app.log'), asText(long));
  const writer = new HeldWriter(stand.writer);
  await stand.start({ writer });
  await writer.firstAppend;
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await write(stand, last + 1, last + 5);
  writer.letGo();
  await stand.linesOnce(last + 5);
  await move(stand, 'app.log.1.gz', 'app.log.2.gz');
  await move(stand, 'app.log', 'app.log.1');
  await write(stand, last + 6, last + 6);
  expect(await stand.linesOnce(last + 6)).toEqual([...long, ...numbered(last + 1, last + 6)]);
});

test('an archive is of no account while the file that it was made of is there', async () => {
  const stand = await standWithUnreadTail();
  await move(stand, 'app.log', 'app.log.1');
  await run('gzip', ['-k', stand.path('app.log.1')]);
  await write(stand, 21, 22);
  const agent = await stand.start();
  await stand.linesOnce(22);
  await agent.stop();
  await unlink(stand.path('app.log.1'));
  await move(stand, 'app.log', 'app.log.0');
  await write(stand, 23, 23);
  await stand.start();
  expect(await stand.linesOnce(23)).toEqual(numbered(1, 23));
});

test('archives from before anybody read the path stay unread, also after rotations', async () => {
  const stand = await agentStand();
  for (const [name, line] of [
    ['app.log.2', 'ancient'],
    ['app.log.1', 'old'],
  ] as const) {
    await writeFile(stand.path(name), `${line}\n`);
    await gzip(stand, name);
  }
  await waitFor('the clock of the file system', async () => {
    await writeFile(stand.path('clock'), '');
    const { stat } = await import('node:fs/promises');
    const [old, now] = await Promise.all([stat(stand.path('app.log.1.gz')), stat(stand.path('clock'))]);
    return now.mtimeMs > old.mtimeMs;
  });
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await move(stand, 'app.log.2.gz', 'app.log.3.gz');
  await move(stand, 'app.log.1.gz', 'app.log.2.gz');
  await move(stand, 'app.log', 'app.log.1');
  await write(stand, 11, 12);
  await stand.linesOnce(12);
  await agent.stop();
  await gzip(stand, 'app.log.1');
  await move(stand, 'app.log', 'app.log.0');
  await write(stand, 13, 14);
  await stand.start();
  expect(await stand.linesOnce(14)).toEqual(numbered(1, 14));
});

test('what comes late from an agent that has ended is stored once, also of a file that was empty at first and is compressed by now', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const former = await stand.start();
  await stand.linesOnce(10);
  await former.stop();
  const late = new HeldWriter(stand.writer);
  const writer = new AwayWriter(late);
  const agent = await stand.start({ writer, timings: { stopMs: 1 } });
  await waitFor('the file to be held', () => agent.stats().openFiles === 1);
  await move(stand, 'app.log', 'app.log.2');
  writeFileSync(stand.path('app.log'), '');
  await waitFor('the empty file to be held', () => agent.stats().openFiles === 2);
  writeFileSync(stand.path('app.log'), asText(numbered(11, 20)));
  renameSync(stand.path('app.log'), stand.path('app.log.1'));
  writeFileSync(stand.path('app.log'), asText(numbered(21, 30)));
  writer.isAway = false;
  await late.firstAppend;
  await agent.stop();
  await gzip(stand, 'app.log.1');
  await stand.start();
  await stand.linesOnce(30);
  late.letGo();
  await write(stand, 31, 31);
  expect(await stand.linesOnce(31)).toEqual(numbered(1, 31));
});

test('a compressed copy of a file that is there, and was read, is not read', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start();
  await stand.linesOnce(10);
  await agent.stop();
  await gzipCopy(stand, 'app.log', 'app.log.7.gz');
  await move(stand, 'app.log', 'app.log.1');
  await write(stand, 11, 20);
  await stand.start();
  await stand.linesOnce(20);
  await write(stand, 21, 21);
  expect(await stand.linesOnce(21)).toEqual(numbered(1, 21));
});

test('a compressed copy of a file of which little was read by then is not read either', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await startAndGoAway(stand, writer);
  await write(stand, 11, 50);
  await waitFor('the agent to notice', () => agent.stats().storeAway);
  await gzipCopy(stand, 'app.log', 'copy');
  renameSync(stand.path('app.log'), stand.path('app.log.1'));
  renameSync(stand.path('copy'), stand.path('app.log.7.gz'));
  writeFileSync(stand.path('app.log'), asText(numbered(51, 60)));
  await waitFor('the new file to be held', () => agent.stats().openFiles === 2);
  writer.isAway = false;
  await stand.linesOnce(60);
  await write(stand, 61, 61);
  expect(await stand.linesOnce(61)).toEqual(numbered(1, 61));
});

test('what an agent left of a finished file is read out of its archive, also where no new file is at the path', async () => {
  const stand = await agentStand();
  const waiting = (max_wait: string) => ({
    sources: [{ include: [stand.path('app.log*')], multiline: { start: '^line', max_wait } }],
  });
  await write(stand, 1, 10);
  const first = await stand.start(waiting('1m'));
  await stand.linesOnce(9);
  await first.stop();
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await stand.start(waiting('100ms'));
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
});

async function gzipCopy(stand: AgentStand, name: string, copy: string): Promise<void> {
  writeFileSync(stand.path(copy), gzipSync(await readFile(stand.path(name))));
}
