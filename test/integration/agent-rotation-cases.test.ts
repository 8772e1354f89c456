/** Ways to rotate a file, one by one: every line is appended once and in order. */
import { appendFile, copyFile, open, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { type Case, type Stage, shift, testCases } from '../support/agent-cases.js';
import { asText, numbered } from '../support/agent-stand.js';
import { temporaryDirectory } from '../support/temporary.js';

/** More than a reader takes up before it waits for the store. */
const MANY = 400_000;

const RENAMING: readonly Case[] = [
  {
    promise: 'the unread tail of a renamed file is read, and what its writer goes on to write there',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, MANY);
      await stage.upHeld();
      const old = await open(stage.path('app.log'), 'a');
      await rename(stage.path('app.log'), stage.path('app.log.1'));
      await writeFile(stage.path('app.log'), '');
      await old.write(asText(numbered(MANY + 1, MANY + 3)));
      stage.letGo();
      await stage.hasRead(MANY + 3);
      await old.write(asText(numbered(MANY + 4, MANY + 5)));
      await old.close();
      await write(stage, MANY + 6, MANY + 7);
      return numbered(1, MANY + 7);
    },
  },
  ...[1, 3].map(
    (generations): Case => ({
      promise: `${generations} generations that came while the agent was down are read in order`,
      fools: 'name',
      async play(stage) {
        await write(stage, 1, 10);
        await stage.up();
        await stage.hasRead(10);
        await stage.down();
        await write(stage, 11, 20);
        for (let generation = 1; generation <= generations; generation++) {
          await shift(stage);
          await write(stage, 10 * generation + 11, 10 * generation + 20);
        }
        await stage.up();
        return numbered(1, 10 * generations + 20);
      },
    }),
  ),
  {
    promise: 'a file deleted while it is open is read to its end',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, MANY);
      await stage.upHeld();
      await unlink(stage.path('app.log'));
      await write(stage, MANY + 1, MANY + 2);
      stage.letGo();
      return numbered(1, MANY + 2);
    },
  },
];

const RINGS: readonly Case[] = [
  {
    promise: 'names that are used again in a ring by renaming give each line once, while the agent runs',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 5);
      await stage.up();
      for (let round = 1; round <= 12; round++) {
        await stage.hasRead(5 * round);
        await shift(stage, 0, 4);
        await write(stage, 5 * round + 1, 5 * round + 5);
      }
      return numbered(1, 65);
    },
  },
  {
    promise: 'a ring of names that went on while the agent was down gives each line once',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 5);
      await stage.up();
      await stage.hasRead(5);
      for (let round = 0; round < 3; round++) {
        await stage.down();
        for (let step = 1; step <= 4; step++) {
          await shift(stage, 0, 4);
          await write(stage, 20 * round + 5 * step + 1, 20 * round + 5 * step + 5);
        }
        await stage.up();
        await stage.hasRead(20 * round + 25);
      }
      return numbered(1, 65);
    },
  },
  {
    promise: 'files of a ring that are emptied and written anew in turn give each line once',
    include: 'out.*',
    fools: 'inode',
    async play(stage) {
      await stage.up();
      let last = 0;
      for (let turn = 0; turn < 9; turn++) {
        // Each time longer, so that a size alone does not show that the file began anew.
        const lines = numbered(last + 1, last + 10 + turn);
        await writeFile(stage.path(`out.${turn % 3}`), asText(lines));
        last += lines.length;
        await stage.hasRead(last);
      }
      return numbered(1, last);
    },
  },
];

const COPIES: readonly Case[] = [
  copyTruncate('beside the file and outside the glob', 'app.log', 'blind', (stage) =>
    stage.path('app.log.1'),
  ),
  copyTruncate('inside the glob', 'app.log*', 'name', (stage) => stage.path('app.log.1')),
  copyTruncate('in another directory', 'app.log', 'blind', async () => `${await temporaryDirectory()}/copy`),
  {
    promise: 'a copy inside the glob, made while the agent was down, gives its unread rest and nothing twice',
    include: 'app.log*',
    fools: 'name',
    async play(stage) {
      await write(stage, 1, 100);
      await stage.up();
      await stage.hasRead(100);
      await stage.down();
      await write(stage, 101, 110);
      await copyFile(stage.path('app.log'), stage.path('app.log.1'));
      await truncate(stage.path('app.log'));
      await write(stage, 111, 130);
      await stage.up();
      return numbered(1, 130);
    },
  },
];

/** Three times, each read to its end before: what lies between is destroyed before anybody can read it. */
function copyTruncate(
  where: string,
  include: string,
  fools: Case['fools'],
  target: (stage: Stage) => string | Promise<string>,
): Case {
  return {
    promise: `with copytruncate and the copy ${where} each line comes once`,
    include,
    fools,
    async play(stage) {
      const copy = await target(stage);
      await write(stage, 1, 20);
      await stage.up();
      for (let round = 1; round <= 3; round++) {
        await stage.hasRead(20 * round);
        await copyFile(stage.path('app.log'), copy);
        await truncate(stage.path('app.log'));
        await write(stage, 20 * round + 1, 20 * round + 20);
      }
      await rm(copy);
      return numbered(1, 80);
    },
  };
}

testCases([...RENAMING, ...RINGS, ...COPIES]);

async function write(stage: Stage, from: number, to: number): Promise<void> {
  await appendFile(stage.path('app.log'), asText(numbered(from, to)));
}
