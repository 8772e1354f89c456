/** Archives that are odd, half done, or in the way: each is read once, waited for, or told of, and none is published. */
import { appendFile, copyFile, open, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter, TiringWriter } from '../support/agent-writers.js';
import { gzip, move, run, standWithUnreadTail, write } from '../support/archives.js';
import { waitFor } from '../support/wait.js';

test('an archive of several members, padded at its end, is read through', async () => {
  const stand = await standWithUnreadTail();
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await writeFile(stand.path('more'), asText(numbered(21, 30_000)));
  const { stdout } = await run('gzip', ['-c', stand.path('more')], { encoding: 'buffer' });
  await appendFile(stand.path('app.log.1.gz'), Buffer.concat([stdout, Buffer.alloc(512)]));
  await write(stand, 30_001, 30_002);
  await stand.start();
  expect(await stand.linesOnce(30_002)).toEqual(numbered(1, 30_002));
});

test('an archive that is being written is waited for', async () => {
  const stand = await standWithUnreadTail();
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  const whole = await readFile(stand.path('app.log.1.gz'));
  await writeFile(stand.path('app.log.1.gz'), whole.subarray(0, -12));
  await write(stand, 21, 30);
  await stand.start({ sources: [{ include: [stand.path('*.log')] }], timings: { lingerMs: 600_000 } });
  await write(stand, 1, 1, 'other.log');
  await stand.linesOnce(1, `${HOST}/other.log`);
  const file = await open(stand.path('app.log.1.gz'), 'a');
  await file.write(whole.subarray(-12, -5));
  await write(stand, 2, 2, 'other.log');
  await stand.linesOnce(2, `${HOST}/other.log`);
  expect(await stand.lines()).toEqual(numbered(1, 10));
  await file.write(whole.subarray(-5));
  await file.close();
  expect(await stand.linesOnce(30)).toEqual(numbered(1, 30));
});

for (const [name, damage] of [
  ['cut short for good', (whole: Buffer) => whole.subarray(0, -9)],
  ['of no bytes', () => Buffer.alloc(0)],
  ['no archive at all', () => Buffer.from('this is not compressed\n'.repeat(9))],
  ['with a wrong checksum', (whole: Buffer) => Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 7)])],
] as const) {
  test(`an archive that is ${name} is told of once and holds up nothing`, async () => {
    const stand = await standWithUnreadTail();
    await move(stand, 'app.log', 'app.log.1');
    await gzip(stand, 'app.log.1');
    await writeFile(stand.path('app.log.1.gz'), damage(await readFile(stand.path('app.log.1.gz'))));
    await write(stand, 21, 30);
    const agent = await stand.start();
    expect(await stand.linesOnce(20)).toEqual([...numbered(1, 10), ...numbered(21, 30)]);
    const notice = await stand.noticeOnce(/app\.log\.1\.gz is damaged/);
    expect(notice.fields['cause']).toMatch(/end of file|header|data check/);
    await move(stand, 'app.log', 'app.log.0');
    await write(stand, 31, 31);
    await stand.linesOnce(21);
    expect(agent.stats().archivesNotRead).toBe(1);
    expect(stand.notices.filter(({ message }) => /damaged/.test(message))).toHaveLength(1);
  });
}

test('agents that end in the middle of an archive, which is renamed in between', async () => {
  const stand = await standWithUnreadTail();
  const last = 400_000;
  await write(stand, 21, last);
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await write(stand, last + 1, last + 10);
  for (let round = 1; round <= 4; round++) {
    const before = (await stand.lines()).length;
    const agent = await stand.start({ writer: new TiringWriter(stand.writer, 2) });
    await stand.linesOnce(before + 1);
    await agent.stop();
    await move(stand, `app.log.${round}.gz`, `app.log.${round + 1}.gz`);
  }
  expect((await stand.lines()).length).toBeLessThan(last);
  await stand.start();
  expect(await stand.linesOnce(last + 10)).toEqual(numbered(1, last + 10));
});

test('an unseen archive whose reading was broken off is gone on with', async () => {
  const stand = await standWithUnreadTail();
  await move(stand, 'app.log', 'app.log.2');
  await write(stand, 21, 100_000);
  await move(stand, 'app.log', 'app.log.1');
  await gzip(stand, 'app.log.1');
  await gzip(stand, 'app.log.2');
  await write(stand, 100_001, 100_001);
  const agent = await stand.start({ writer: new TiringWriter(stand.writer, 3) });
  await stand.linesOnce(21);
  await agent.stop();
  expect((await stand.lines()).length).toBeLessThan(100_000);
  await move(stand, 'app.log.2.gz', 'app.log.3.gz');
  await move(stand, 'app.log.1.gz', 'app.log.2.gz');
  await stand.start();
  expect(await stand.linesOnce(100_001)).toEqual(numbered(1, 100_001));
});

test('a copy that was compressed after copytruncate holds the unread rest', async () => {
  const stand = await standWithUnreadTail();
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  await truncate(stand.path('app.log'));
  await gzip(stand, 'app.log.1');
  await write(stand, 21, 40);
  await stand.start();
  expect(await stand.linesOnce(40)).toEqual(numbered(1, 40));
});

test('more generations than are held open, compressed while the store is slow, are read in order', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const writer = new HeldWriter(stand.writer);
  await stand.start({ writer });
  await writer.firstAppend;
  for (let generation = 1; generation <= 24; generation++) {
    for (let count = generation; count > 2; count--)
      await move(stand, `app.log.${count - 1}.gz`, `app.log.${count}.gz`);
    if (generation > 1) {
      await move(stand, 'app.log.1', 'app.log.2');
      await gzip(stand, 'app.log.2');
    }
    await move(stand, 'app.log', 'app.log.1');
    await write(stand, 10 * generation + 1, 10 * generation + 10);
  }
  writer.letGo();
  expect(await stand.linesOnce(250)).toEqual(numbered(1, 250));
});

test('the unfinished end of an archive is a line, and what is empty in it is nothing', async () => {
  const stand = await standWithUnreadTail();
  await appendFile(stand.path('app.log'), 'no newline');
  await move(stand, 'app.log', 'app.log.2');
  await writeFile(stand.path('app.log.1'), '');
  await gzip(stand, 'app.log.2');
  await gzip(stand, 'app.log.1');
  await write(stand, 21, 22);
  await stand.start();
  expect(await stand.linesOnce(23)).toEqual([...numbered(1, 20), 'no newline', 'line 21', 'line 22']);
});

test('an archive that is named itself is not published, there or not', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  const include = ['app.log', 'old.log.gz', 'later.log.gz'].map((name) => stand.path(name));
  await writeFile(stand.path('old.log'), 'old\n');
  await gzip(stand, 'old.log');
  await stand.start({ sources: [{ include }] });
  await stand.linesOnce(2);
  await writeFile(stand.path('later.log'), 'later\n');
  await gzip(stand, 'later.log');
  await stand.noticeOnce(/later\.log\.gz|old\.log\.gz/);
  await write(stand, 3, 3);
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
  await rm(stand.path('app.log'));
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
});

test('of archives that may hold the rest of a file that is missing only the youngest few are unpacked', async () => {
  const stand = await standWithUnreadTail();
  await rm(stand.path('app.log'));
  await write(stand, 21, 30);
  const later = Date.now() / 1000 + 3_600;
  await utimes(stand.path('app.log'), later, later);
  const first = await stand.start();
  await stand.linesOnce(20);
  await first.stop();
  for (let count = 1; count <= 40; count++) {
    const archive = stand.path(`app.log.${count}.gz`);
    await writeFile(archive, `no archive ${count}`);
    await utimes(archive, later - count, later - count);
  }
  await move(stand, 'app.log', 'app.log.0');
  await write(stand, 31, 40);
  const agent = await stand.start();
  await stand.linesOnce(30);
  expect(agent.stats().archivesNotRead).toBeGreaterThan(0);
  expect(agent.stats().archivesNotRead).toBeLessThan(12);
});

/** Lines that are more than one batch holds. */
const MANY = 100_000;

for (const batches of [0, 1]) {
  test(`of a format that is not unpacked the rest is missing also where the file was not written to since, after ${batches} batches`, async () => {
    const stand = await agentStand();
    await write(stand, 1, MANY);
    const writer = new TiringWriter(stand.writer, batches);
    const agent = await stand.start({ writer });
    await waitFor('the store to be away', () => agent.stats().storeAway);
    await agent.stop();
    await move(stand, 'app.log', 'app.log.1');
    await run('xz', ['-0', stand.path('app.log.1')]);
    await stand.start();
    await stand.noticeOnce(/app\.log\.1\.xz may hold lines/);
  });
}

test('of a format that is not unpacked nothing is told where all was read', async () => {
  const stand = await agentStand();
  await write(stand, 1, MANY);
  const agent = await stand.start();
  await stand.linesOnce(MANY);
  await agent.stop();
  await move(stand, 'app.log', 'app.log.1');
  await run('xz', ['-0', stand.path('app.log.1')]);
  await write(stand, 1, 1);
  await stand.start();
  await stand.linesOnce(MANY + 1);
  expect(stand.notices.filter(({ message }) => /\.xz/.test(message))).toEqual([]);
});
