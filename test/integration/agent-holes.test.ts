/**
 * Holes of NULs: what a file shows where nothing was written, above all in front of the place where a program
 * without O_APPEND writes on after its file was truncated.
 */
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  type FileHandle,
  open,
  readFile,
  rename,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { AwayWriter } from '../support/away-writer.js';

const MIB = 2 ** 20;

/** A program that keeps its own place in the file, whatever becomes of the file. */
async function writerWithoutAppend(path: string): Promise<FileHandle> {
  const handle = await open(path, 'w');
  onTestFinished(() => handle.close());
  return handle;
}

/** As logrotate does it: the older copy makes room, then the file is copied and emptied. */
async function copyTruncate(path: string, copies: number): Promise<void> {
  for (let number = copies; number > 0; number--) await rename(`${path}.${number}`, `${path}.${number + 1}`);
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** Resolves when the agent has looked around since the call. */
async function lookedAround(stand: AgentStand): Promise<void> {
  const clock = `${HOST}/clock.log`;
  const before = (await stand.lines(clock)).length;
  await appendFile(stand.path('clock.log'), 'tick\n');
  await stand.linesOnce(before + 1, clock);
}

test('lines behind the hole that copytruncate leaves under a writer without O_APPEND come once, without a NUL', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const writer = await writerWithoutAppend(path);
  await stand.start();
  await writer.write(asText(numbered(1, 1_000)));
  await stand.linesOnce(1_000);
  for (let rotation = 0; rotation < 3; rotation++) {
    await copyTruncate(path, rotation);
    const from = 1_000 * (rotation + 1) + 1;
    await writer.write(asText(numbered(from, from + 999)));
    await stand.linesOnce(from + 999);
  }
  expect(await stand.lines()).toEqual(numbered(1, 4_000));
  // The control: the hole is there, and a reader that takes it for text sees it.
  const [naive = ''] = (await readFile(path, 'utf8')).split('\n');
  expect(naive.length).toBeGreaterThan(10_000);
});

test('the same while no agent runs', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const writer = await writerWithoutAppend(path);
  const first = await stand.start();
  await writer.write(asText(numbered(1, 500)));
  await stand.linesOnce(500);
  await first.stop();
  await writer.write(asText(numbered(501, 1_000)));
  await copyTruncate(path, 0);
  await writer.write(asText(numbered(1_001, 1_500)));
  await stand.start();
  expect(await stand.linesOnce(1_500)).toEqual(numbered(1, 1_500));
});

test('a hole of 256 MiB costs no memory and is nobody\u2019s line', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), '');
  await truncate(stand.path('app.log'), 256 * MIB);
  await appendFile(stand.path('app.log'), asText(numbered(1, 10)));
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }, 5);
  onTestFinished(() => clearInterval(watching));
  const agent = await stand.start();
  expect(await stand.linesOnce(10)).toEqual(numbered(1, 10));
  expect(peak).toBeGreaterThan(0);
  // The buffers of all batches count from the first one on, used or not.
  expect(peak - before).toBeLessThan(96 * MIB);
  expect(agent.stats()).toMatchObject({ lines: 10, batches: 1, cutLines: 0 });
});

test('a hole with nothing behind it waits, also while it grows and over restarts', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, 'line 1\n');
  const first = await stand.start();
  await stand.linesOnce(1);
  await truncate(path, 3 * MIB);
  await lookedAround(stand);
  await truncate(path, 5 * MIB + 1);
  await lookedAround(stand);
  await first.stop();
  const second = await stand.start();
  await lookedAround(stand);
  expect(await stand.lines()).toEqual(['line 1']);
  await appendFile(path, 'line 2\nunfin');
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
  await second.stop();
  await truncate(path, 6 * MIB);
  await stand.start();
  await appendFile(path, 'line 3\n');
  expect(await stand.linesOnce(4)).toEqual(['line 1', 'line 2', 'unfin', 'line 3']);
});

test('a file that begins with a hole is known by what comes behind it: two that differ only there are two', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const file = await writerWithoutAppend(path);
  const writer = new AwayWriter(stand.writer);
  writer.isAway = false;
  await stand.start({ writer });
  await file.write(asText(numbered(1, 1_000)));
  await stand.linesOnce(1_000);
  writer.isAway = true;
  await copyTruncate(path, 0);
  await file.write(asText(numbered(1_001, 1_100)));
  await stand.noticeOnce(/truncated/);
  await copyTruncate(path, 1);
  await file.write(asText(numbered(1_101, 1_200)));
  writer.isAway = false;
  expect(await stand.linesOnce(1_200)).toEqual(numbered(1, 1_200));
});

test('a file that was nothing but a hole when it was seen first loses no line to copytruncate', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const writer = new AwayWriter(stand.writer);
  writer.isAway = false;
  await stand.start({ writer });
  await writeFile(path, 'line 1\n');
  await stand.linesOnce(1);
  writer.isAway = true;
  await copyTruncate(path, 0);
  await truncate(path, MIB);
  await stand.noticeOnce(/truncated/);
  await appendFile(path, asText(numbered(2, 10)));
  await copyTruncate(path, 1);
  await truncate(path, MIB);
  await appendFile(path, asText(numbered(11, 20)));
  writer.isAway = false;
  expect(await stand.linesOnce(20)).toEqual(numbered(1, 20));
});

test('files with equal holes are told apart, also when they are rotated while no agent runs', async () => {
  const stand = await agentStand();
  for (const name of ['app.log', 'other.log']) {
    await writeFile(stand.path(name), '');
    await truncate(stand.path(name), MIB);
    await appendFile(stand.path(name), `${name} 1\n`);
  }
  const first = await stand.start();
  await stand.linesOnce(1);
  await stand.linesOnce(1, `${HOST}/other.log`);
  await first.stop();
  await appendFile(stand.path('app.log'), 'app.log 2\n');
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await rename(stand.path('other.log'), stand.path('other.log.1'));
  await writeFile(stand.path('app.log'), '');
  await truncate(stand.path('app.log'), MIB);
  await appendFile(stand.path('app.log'), 'app.log 3\n');
  await stand.start();
  expect(await stand.linesOnce(3)).toEqual(['app.log 1', 'app.log 2', 'app.log 3']);
  expect(await stand.lines(`${HOST}/other.log`)).toEqual(['other.log 1']);
});

test('a few NULs inside a line stay in it; a hole inside a line ends it', async () => {
  const stand = await agentStand();
  const hole = Buffer.alloc(2 * MIB);
  await writeFile(stand.path('app.log'), 'a\0b\nabc');
  await stand.start();
  await stand.linesOnce(1);
  await appendFile(stand.path('app.log'), hole);
  await lookedAround(stand);
  expect(await stand.lines()).toEqual(['a\0b']);
  await appendFile(stand.path('app.log'), 'rest\n');
  expect(await stand.linesOnce(3)).toEqual(['a\0b', 'abc', 'rest']);
});

test('a hole in a pipe, longer than all that is held of it, does not stop it', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput });
  standardInput.write('line 1\n');
  for (let blocks = 0; blocks < 20; blocks++) {
    if (!standardInput.write(Buffer.alloc(MIB))) await once(standardInput, 'drain');
  }
  standardInput.end('line 2\nline 3');
  await agent.finished;
  expect(await stand.lines('in')).toEqual(numbered(1, 3));
});

test('room that a program reserved is read as it is filled, and given back in the end', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const file = await writerWithoutAppend(path);
  await truncate(path, MIB);
  const first = await stand.start();
  await lookedAround(stand);
  await file.write('line 1\nli');
  await stand.linesOnce(1);
  await lookedAround(stand);
  await file.write('ne 2\n');
  await stand.linesOnce(2);
  await first.stop();
  await file.write('line 3\nline');
  await stand.start();
  await stand.linesOnce(3);
  await truncate(path, Buffer.byteLength('line 1\nline 2\nline 3\nline'));
  await lookedAround(stand);
  await file.write(' 4\n');
  expect(await stand.linesOnce(4)).toEqual(numbered(1, 4));
});
