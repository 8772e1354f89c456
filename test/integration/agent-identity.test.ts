/** Who a file is, where name, inode or first bytes alone would tell wrong: each line once. */
import {
  appendFile,
  copyFile,
  link,
  mkdir,
  rename,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Case, type Stage, testCases } from '../support/agent-cases.js';
import { asText, numbered } from '../support/agent-stand.js';

const OLD = numbered(1001, 1100);
const SIZES = { shorter: 50, 'equally long': 100, longer: 200 };
const ALIKE = 50;
/** 4 KiB and more. */
const BANNER = numbered(1, 500).map((line) => `${line} of the banner`);

const REUSE = Object.entries(SIZES).flatMap(([what, lines]): Case[] => {
  const anew = numbered(2001, 2000 + lines);
  const fools = lines === 50 ? 'blind' : 'inode';
  return [
    {
      promise: `a new and ${what} file with the inode of the deleted one is read from its start`,
      fools,
      async play(stage) {
        await writeFile(stage.path('app.log'), asText(OLD));
        await stage.up();
        await stage.hasRead(100);
        await stage.down();
        await replaceOnItsInode(stage, asText(anew));
        await stage.up();
        return [...OLD, ...anew];
      },
    },
    {
      promise: `a new and ${what} file with the inode of one that was at rest and deleted is read from its start`,
      fools,
      timings: { parkMs: 50 },
      async play(stage) {
        await writeFile(stage.path('app.log'), asText(OLD));
        await stage.up();
        await stage.hasRead(100);
        await stage.rests();
        await replaceOnItsInode(stage, asText(anew));
        return [...OLD, ...anew];
      },
    },
  ];
});

const LOOK_ALIKES: readonly Case[] = [
  {
    promise: `${ALIKE} files with the same first 4 KiB are ${ALIKE} files`,
    include: '*.log',
    fools: 'head',
    isUnordered: true,
    async play(stage) {
      const names = Array.from({ length: ALIKE }, (_, index) => `${index}.log`);
      const own = names.flatMap((name) => [`${name} first`, `${name} second`]);
      for (const name of names) await writeFile(stage.path(name), asText(BANNER));
      await stage.up();
      await stage.hasRead(ALIKE * BANNER.length);
      for (const name of names) await appendFile(stage.path(name), `${name} first\n`);
      await stage.hasRead(ALIKE * (BANNER.length + 1));
      await stage.down();
      for (const name of names) await appendFile(stage.path(name), `${name} second\n`);
      await stage.up();
      return [...names.flatMap(() => BANNER), ...own];
    },
  },
  {
    promise: 'generations of one file that begin with the same 4 KiB are told apart by what follows',
    fools: 'head',
    async play(stage) {
      await appendFile(stage.path('app.log'), asText([...BANNER, 'first']));
      await stage.up();
      await stage.hasRead(BANNER.length + 1);
      await stage.down();
      await appendFile(stage.path('app.log'), asText(['more of the first']));
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await writeFile(stage.path('app.log'), asText([...BANNER, 'second']));
      await stage.up();
      await stage.hasRead(2 * BANNER.length + 3);
      await writeFile(stage.path('app.log'), asText([...BANNER, 'the third']));
      const first = [...BANNER, 'first', 'more of the first'];
      return [...first, ...BANNER, 'second', ...BANNER, 'the third'];
    },
  },
  {
    promise: 'a generation that holds the same bytes as the one before is read',
    fools: 'head',
    async play(stage) {
      await writeFile(stage.path('app.log'), asText(BANNER));
      await stage.up();
      await stage.hasRead(BANNER.length);
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await writeFile(stage.path('app.log'), asText(BANNER));
      await stage.hasRead(2 * BANNER.length);
      await stage.down();
      await rename(stage.path('app.log.1'), stage.path('app.log.2'));
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await writeFile(stage.path('app.log'), asText(BANNER));
      await stage.up();
      return [...BANNER, ...BANNER, ...BANNER];
    },
  },
  {
    promise: 'an exact copy of a file under a name of its own is a file of its own',
    include: '*.log',
    fools: 'head',
    isUnordered: true,
    async play(stage) {
      await writeFile(stage.path('app.log'), asText(BANNER));
      await stage.up();
      await stage.hasRead(BANNER.length);
      await copyFile(stage.path('app.log'), stage.path('copy.log'));
      await stage.hasRead(2 * BANNER.length);
      await appendFile(stage.path('app.log'), 'in the file\n');
      await appendFile(stage.path('copy.log'), 'in the copy\n');
      return [...BANNER, ...BANNER, 'in the file', 'in the copy'];
    },
  },
];

const SMALL: readonly Case[] = [
  {
    promise: 'files of a few bytes are read at once, and over a restart once',
    include: '*.log',
    fools: 'head',
    isUnordered: true,
    async play(stage) {
      for (const [name, text] of Object.entries({ a: 'x\n', b: 'x\n', c: '\n', d: 'yes\n' }))
        await writeFile(stage.path(`${name}.log`), text);
      await stage.up();
      await stage.hasRead(4);
      await stage.down();
      await stage.up();
      await appendFile(stage.path('a.log'), 'z\n');
      await rename(stage.path('b.log'), stage.path('b.log.1'));
      await writeFile(stage.path('b.log'), 'x\n');
      return ['x', 'x', '', 'yes', 'z', 'x'];
    },
  },
  {
    promise:
      'empty files say nothing, and what is written to them or to their successors is read from its start',
    include: '*.log',
    fools: 'head',
    isUnordered: true,
    async play(stage) {
      for (const name of ['a', 'b', 'c']) await writeFile(stage.path(`${name}.log`), '');
      await stage.up();
      await writeFile(stage.path('d.log'), 'seen\n');
      await stage.hasRead(1);
      await stage.down();
      await appendFile(stage.path('a.log'), 'a\n');
      await rename(stage.path('b.log'), stage.path('b.log.1'));
      await writeFile(stage.path('b.log'), 'b\n');
      await stage.up();
      await stage.hasRead(3);
      await appendFile(stage.path('c.log'), 'c\n');
      await truncate(stage.path('d.log'));
      await stage.hasSaid(/d\.log was truncated/);
      await appendFile(stage.path('d.log'), 'seen again\n');
      return ['seen', 'a', 'b', 'c', 'seen again'];
    },
  },
  {
    promise: 'a first line without an end waits over many looks and a restart, and is one line then',
    include: '*.log',
    fools: 'eager',
    isUnordered: true,
    async play(stage) {
      const others = numbered(1, 30);
      await writeFile(stage.path('app.log'), 'Connection ');
      await stage.up();
      for (const [index, line] of others.entries()) {
        if (index === 10) await stage.down();
        if (index === 10) await stage.up();
        if (index === 20) await appendFile(stage.path('app.log'), 'fail');
        await appendFile(stage.path('other.log'), `${line}\n`);
        await stage.hasRead(index + 1);
      }
      await appendFile(stage.path('app.log'), 'ed\n');
      return [...others, 'Connection failed'];
    },
  },
];

testCases([...REUSE, ...LOOK_ALIKES, ...SMALL]);

/**
 * As ext4 does it with the next file: the old name is gone, and the inode lives under it again with other
 * bytes. Kept alive meanwhile out of sight, because another process might be given it first.
 */
async function replaceOnItsInode(stage: Stage, text: string): Promise<void> {
  const path = stage.path('app.log');
  const { ino } = await stat(path);
  await mkdir(stage.path('aside'));
  const kept = join(stage.path('aside'), 'kept');
  await link(path, kept);
  await unlink(path);
  await writeFile(kept, text);
  await rename(kept, path);
  expect((await stat(path)).ino).toBe(ino);
}
