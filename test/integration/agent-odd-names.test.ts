/**
 * Files whose rotation cannot be told by a name: the path shows nothing, or the file has a name that no rotation
 * gives. What is unread of them is read, and nobody else's bytes are.
 */
import { appendFileSync, renameSync } from 'node:fs';
import { appendFile, link, mkdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Case, type Stage, testCases } from '../support/agent-cases.js';
import { agentStand, asText, numbered } from '../support/agent-stand.js';

const NO_SUCCESSOR = ['*.log', 'app.log'].map(
  (include): Case => ({
    promise: `the rest of a file that was rotated while the agent was down, with none after it, is read, with ${include} in the configuration`,
    include,
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 3);
      await stage.up();
      await stage.hasRead(3);
      await stage.down();
      await write(stage, 4, 5);
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await stage.up();
      await stage.hasRead(5);
      await write(stage, 6, 7);
      return numbered(1, 7);
    },
  }),
);

const ODD_NAMES = ['app.log.bak', 'app1.log.done', 'app-11-23-2026-1.log.x', 'something else'].flatMap(
  (name): Case[] => [
    {
      promise: `the rest of a file that was renamed to "${name}" while the agent was down is read before what came after it`,
      fools: 'name',
      async play(stage) {
        await write(stage, 1, 3);
        await stage.up();
        await stage.hasRead(3);
        await stage.down();
        await write(stage, 4, 5);
        await rename(stage.path('app.log'), stage.path(name));
        await write(stage, 6, 7);
        await stage.up();
        return numbered(1, 7);
      },
    },
    {
      promise: `the rest of a file that was at rest and renamed to "${name}" is read before what came after it`,
      fools: 'name',
      timings: { parkMs: 50 },
      async play(stage) {
        await write(stage, 1, 3);
        await stage.up();
        await stage.hasRead(3);
        await stage.rests();
        // In one step: the agent, of the same process, cannot look in between.
        appendFileSync(stage.path('app.log'), asText(numbered(4, 5)));
        renameSync(stage.path('app.log'), stage.path(name));
        await write(stage, 6, 7);
        return numbered(1, 7);
      },
    },
  ],
);

const PLACES: readonly Case[] = [
  {
    promise: 'a path that becomes a directory and a file again gives each line once',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 3);
      await stage.upHeld();
      await write(stage, 4, 5);
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await mkdir(stage.path('app.log'));
      stage.letGo();
      await stage.hasRead(5);
      await appendFile(stage.path('app.log.1'), asText(numbered(6, 7)));
      await rmdir(stage.path('app.log'));
      await write(stage, 8, 9);
      return numbered(1, 9);
    },
  },
  {
    promise: 'a rotation that is taken back gives each line once',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 3);
      await stage.up();
      await stage.hasRead(3);
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await write(stage, 4, 4);
      await stage.hasRead(4);
      await rename(stage.path('app.log.1'), stage.path('app.log'));
      await write(stage, 5, 6);
      await stage.hasRead(6);
      await write(stage, 7, 8);
      return numbered(1, 8);
    },
  },
  {
    promise: 'a file that was moved out of the directory and comes back with more is read on',
    fools: 'name',
    timings: { parkMs: 50 },
    async play(stage) {
      await write(stage, 1, 3);
      await stage.up();
      await stage.hasRead(3);
      await mkdir(stage.path('aside'));
      await rename(stage.path('app.log'), stage.path('aside/app.log'));
      await writeFile(stage.path('app.log'), 'between\n');
      await stage.hasRead(4);
      await stage.rests();
      await appendFile(stage.path('aside/app.log'), asText(numbered(4, 5)));
      await rename(stage.path('aside/app.log'), stage.path('app.log'));
      return [...numbered(1, 3), 'between', ...numbered(4, 5)];
    },
  },
  {
    promise: 'two files that change their names with each other give each line once',
    include: '*.log',
    fools: 'name',
    isUnordered: true,
    async play(stage) {
      const lines = ['a 0', 'and b 0'];
      await writeFile(stage.path('a.log'), 'a 0\n');
      await writeFile(stage.path('b.log'), 'and b 0\n');
      await stage.up();
      await stage.hasRead(2);
      for (let round = 1; round <= 12; round++) {
        await rename(stage.path('a.log'), stage.path('aside'));
        await rename(stage.path('b.log'), stage.path('a.log'));
        await rename(stage.path('aside'), stage.path('b.log'));
        await appendFile(stage.path('a.log'), `a ${round}\n`);
        await appendFile(stage.path('b.log'), `and b ${round}\n`);
        lines.push(`a ${round}`, `and b ${round}`);
        if (round % 3 === 0) await stage.hasRead(lines.length);
      }
      return lines;
    },
  },
];

testCases([...NO_SUCCESSOR, ...ODD_NAMES, ...PLACES]);

test('a file beside the path that got the inode of the one that was read is nobody’s rest', async () => {
  const stand = await agentStand();
  const sources = [{ include: [stand.path('app.log')] }];
  await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
  const first = await stand.start({ sources });
  await stand.linesOnce(3);
  await first.stop();
  const { ino } = await stat(stand.path('app.log'));
  await link(stand.path('app.log'), stand.path('data'));
  await unlink(stand.path('app.log'));
  await writeFile(stand.path('data'), 'none of our business\n'.repeat(10));
  await writeFile(stand.path('app.log'), asText(numbered(4, 5)));
  expect((await stat(stand.path('data'))).ino).toBe(ino);
  const second = await stand.start({ sources });
  await stand.linesOnce(5);
  // What was found beside the path would have been read by then.
  await appendFile(stand.path('app.log'), asText(numbered(6, 6)));
  await stand.linesOnce(6);
  await second.stop();
  expect(await stand.lines()).toEqual(numbered(1, 6));
});

async function write(stage: Stage, from: number, to: number): Promise<void> {
  await appendFile(stage.path('app.log'), asText(numbered(from, to)));
}
