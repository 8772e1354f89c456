/**
 * Rotated files that were compressed: what was unread of them is read out of the archive, once and in order,
 * and an archive of what was read is never read at all. The programs are the real gzip and xz.
 */
import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  open,
  readFile,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter, ObliviousWriter, TiringWriter } from '../support/agent-writers.js';
import { waitFor } from '../support/wait.js';

const run = promisify(execFile);

async function write(stand: AgentStand, from: number, to: number, name = 'app.log'): Promise<void> {
  await appendFile(stand.path(name), asText(numbered(from, to)));
}

/** As logrotate with `compress`: the archive takes the file's time, and its place. */
async function gzip(stand: AgentStand, name: string): Promise<void> {
  await run('gzip', [stand.path(name)]);
}

/** As programs do it that compress for themselves: the archive's time is that of its compression. */
async function gzipAnew(stand: AgentStand, name: string): Promise<void> {
  const { stdout } = await run('gzip', ['-c', stand.path(name)], { encoding: 'buffer', maxBuffer: 2 ** 28 });
  await writeFile(stand.path(`${name}.gz`), stdout);
  await unlink(stand.path(name));
}

async function move(stand: AgentStand, from: string, to: string): Promise<void> {
  await rename(stand.path(from), stand.path(to));
}

/** A path whose lines 1 to 10 an agent has read, which is down now; 11 to 20 were written since. */
async function standWithUnreadTail(sources?: readonly Record<string, unknown>[]): Promise<AgentStand> {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start(sources && { sources: sourcesIn(stand, sources) });
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 20);
  return stand;
}

function sourcesIn(stand: AgentStand, sources: readonly Record<string, unknown>[]) {
  return sources.map(({ glob }) => ({ include: [stand.path(`${glob}`)] }));
}

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
  const last = 100_000;
  await write(stand, 1, last);
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
  expect(await stand.linesOnce(last + 6)).toEqual(numbered(1, last + 6));
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
