/** A process that rotates a hundred times a second: nothing is lost that is kept, and what is not is announced. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { AwayWriter } from '../support/away-writer.js';
import { NaiveTailer } from '../support/naive-tailer.js';
import { waitFor } from '../support/wait.js';

const WRITER = fileURLToPath(new URL('../support/rotating-writer.mjs', import.meta.url));
const ROTATIONS = 100;
const LINES = 20;
const FIRST = 5;
/** Rotated files that an agent holds open while its store is away. */
const HELD_MAX = 16;
/** One of each generation comes after the rotation. */
const LAST = FIRST + (ROTATIONS + 1) * (LINES + 1);

async function storm(stand: AgentStand, keep: number): Promise<void> {
  const numbers = [ROTATIONS, LINES, keep, FIRST];
  await promisify(execFile)(process.execPath, [WRITER, stand.path('app.log'), ...numbers.map(String)]);
}

describe(`${ROTATIONS} rotations as fast as a process can`, () => {
  test('with all rotated files kept: every line comes once, in order', async () => {
    const stand = await agentStand();
    writeFileSync(stand.path('app.log'), asText(numbered(1, FIRST)));
    await stand.start();
    await stand.linesOnce(FIRST);
    await storm(stand, ROTATIONS + 1);
    expect(await stand.linesOnce(LAST)).toEqual(numbered(1, LAST));
  });

  test('control: a reader that looks all the time and knows files by inode loses lines or their order', async () => {
    const stand = await agentStand();
    writeFileSync(stand.path('app.log'), asText(numbered(1, FIRST)));
    const naive = new NaiveTailer(stand.directory, 'app.log', 'inode');
    naive.look();
    const looking = setInterval(() => lookAnyway(naive), 1);
    await storm(stand, ROTATIONS + 1).finally(() => clearInterval(looking));
    naive.look();
    expect(naive.lines).not.toEqual(numbered(1, LAST));
  });

  test('with few kept and a store that takes nothing meanwhile: what is left comes in order, the rest is announced', async () => {
    const stand = await agentStand();
    writeFileSync(stand.path('app.log'), asText(numbered(1, FIRST)));
    const writer = new HeldWriter(stand.writer);
    const agent = await stand.start({ writer });
    await writer.firstAppend;
    await storm(stand, 3);
    writer.letGo();
    const notice = await stand.noticeOnce(
      /rotated faster than it is read.*lost unread.*keep more rotated files/,
    );
    expect(notice.level).toBe('warn');
    const kept = ['.3', '.2', '.1', ''].flatMap((end) => linesOf(stand.path(`app.log${end}`)));
    const lines = await waitFor('the last line', async () => {
      const all = await stand.lines();
      return all.at(-1) === `line ${LAST}` && all;
    });
    const numbers = lines.map((line) => Number(line.slice('line '.length)));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(lines.slice(-kept.length)).toEqual(kept);
    expect(lines.slice(0, FIRST)).toEqual(numbered(1, FIRST));
    expect(agent.stats().lostBytes).toBe(Number(notice.fields['lostBytes']));
  });
});

test('files that were seen, had to wait and were deleted meanwhile are counted in bytes', async () => {
  const stand = await agentStand();
  writeFileSync(stand.path('app.log'), asText(numbered(1, FIRST)));
  const first = await stand.start();
  await stand.linesOnce(FIRST);
  await first.stop();
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  for (let round = 1; round <= 3 * HELD_MAX; round++) {
    rotate(stand, 3);
    writeFileSync(stand.path('app.log'), asText(numbered(1_000 * round, 1_000 * round + round)));
    if (round < HELD_MAX) await waitFor('the new file to be held', () => agent.stats().openFiles >= round);
    // Whoever finds another new file has looked at this one too, or will in a moment.
    else writeFileSync(stand.path(`${round}.log`), '');
    await waitFor('a look around', () => agent.stats().files >= round - HELD_MAX + 2);
  }
  writer.isAway = false;
  const notice = await stand.noticeOnce(/rotated faster than it is read.*that were seen held at least/);
  expect(Number(notice.fields['lostFiles'])).toBeGreaterThan(0);
  expect(agent.stats().lostBytes).toBeGreaterThan(0);
});

test('a log that nothing is written to may be rotated any number of times, with all its empty files kept', async () => {
  const stand = await agentStand();
  writeFileSync(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start();
  await stand.linesOnce(10);
  const rotations = HELD_MAX + 4;
  for (let rotation = 1; rotation <= rotations; rotation++) {
    rotate(stand, rotations);
    writeFileSync(stand.path('app.log'), '');
    await waitFor('the rotation to be seen', () => agent.stats().rotations >= rotation);
  }
  writeFileSync(stand.path('app.log'), asText(numbered(11, 20)));
  expect(await stand.linesOnce(20)).toEqual(numbered(1, 20));
});

test('a deleted file that is unread when the agent has to end is counted in bytes and announced', async () => {
  const stand = await agentStand();
  const text = asText(numbered(1, FIRST));
  writeFileSync(stand.path('app.log'), text);
  const agent = await stand.start({ writer: new AwayWriter(stand.writer) });
  await waitFor('the file to be held', () => agent.stats().openFiles === 1);
  await using log = await open(stand.path('app.log'), 'a');
  rmSync(stand.path('app.log'));
  await log.write('last\n');
  const bytes = text.length + 'last\n'.length;
  await waitFor('the agent to see it', () => agent.status(1).files[0]?.sizeBytes === bytes);
  await agent.stop();
  const notice = await stand.noticeOnce(
    /app\.log is gone before it was read to its end.*bytes were lost unread/,
  );
  expect(notice.fields).toMatchObject({ appendedBytes: 0, lostBytes: bytes });
  expect(agent.stats().lostBytes).toBe(bytes);
});

/** What is renamed between two steps of a look is there at the next one. */
function lookAnyway(naive: NaiveTailer): void {
  try {
    naive.look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function rotate(stand: AgentStand, keep: number): void {
  for (let count = keep - 1; count >= 1; count--) {
    if (existsSync(stand.path(`app.log.${count}`)))
      renameSync(stand.path(`app.log.${count}`), stand.path(`app.log.${count + 1}`));
  }
  renameSync(stand.path('app.log'), stand.path('app.log.1'));
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}
