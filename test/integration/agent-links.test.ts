/** Paths that lead to files by links, pointed elsewhere as Kubernetes does it: each file once, whatever leads to it. */
import { appendFileSync, unlinkSync } from 'node:fs';
import { appendFile, link, mkdir, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { type Case, type Stage, testCases } from '../support/agent-cases.js';
import { asText, numbered } from '../support/agent-stand.js';

const MANY = 400_000;

const POINTED_ELSEWHERE: readonly Case[] = [
  {
    promise:
      'a symbolic link that is pointed to another file is followed, after the unread rest of the first',
    fools: 'name',
    async play(stage) {
      await writeFile(stage.path('first'), asText(numbered(1, MANY)));
      await point(stage, 'app.log', 'first');
      await stage.upHeld();
      await writeFile(stage.path('second'), asText(numbered(MANY + 1, MANY + 2)));
      await point(stage, 'app.log', 'second');
      await unlink(stage.path('first'));
      stage.letGo();
      return numbered(1, MANY + 2);
    },
  },
  {
    promise: 'a directory that is swapped by a link, as a mounted volume of Kubernetes is, is followed',
    fools: 'name',
    async play(stage) {
      await version(stage, 'v1', numbered(1, MANY));
      await symlink('..data/app.log', stage.path('app.log'));
      await stage.upHeld();
      await version(stage, 'v2', numbered(MANY + 1, MANY + 2));
      await rm(stage.path('v1'), { recursive: true });
      stage.letGo();
      await stage.hasRead(MANY + 2);
      await version(stage, 'v3', numbered(MANY + 3, MANY + 4));
      return numbered(1, MANY + 4);
    },
  },
];

const CONTAINERS: readonly Case[] = [
  {
    promise: 'a container’s log that is reached by links and rotated by the kubelet gives each line once',
    fools: 'name',
    async play(stage) {
      await container(stage);
      await log(stage, 1, 3);
      await stage.up();
      for (let round = 1; round <= 3; round++) {
        await stage.hasRead(3 * round);
        await log(stage, 3 * round + 1, 3 * round + 2);
        await rotateByKubelet(stage, round);
        await log(stage, 3 * round + 3, 3 * round + 3);
      }
      return numbered(1, 12);
    },
  },
  {
    promise:
      'a container’s log that was rotated by the kubelet while the agent was down is read to its end first',
    fools: 'name',
    async play(stage) {
      await container(stage);
      await log(stage, 1, 3);
      await stage.up();
      await stage.hasRead(3);
      await stage.down();
      for (let round = 1; round <= 3; round++) {
        await log(stage, 3 * round + 1, 3 * round + 2);
        await rotateByKubelet(stage, round);
        await log(stage, 3 * round + 3, 3 * round + 3);
      }
      await stage.up();
      return numbered(1, 12);
    },
  },
];

const LATEST: readonly Case[] = ['app.log', 'app.log*'].flatMap((include) => [
  {
    promise: `a link to the latest of dated files is followed, with ${include} in the configuration`,
    include,
    fools: 'name',
    async play(stage) {
      await latest(stage, 1, numbered(1, 2));
      await stage.up();
      for (let day = 2; day <= 4; day++) {
        await stage.hasRead(2 * day - 2);
        await latest(stage, day, numbered(2 * day - 1, 2 * day));
      }
      return numbered(1, 8);
    },
  },
  {
    promise: `dated files that a link has led to while the agent was down are read, with ${include} in the configuration`,
    include,
    fools: 'name',
    async play(stage) {
      await latest(stage, 1, numbered(1, 2));
      await stage.up();
      await stage.hasRead(2);
      await stage.down();
      await appendFile(stage.path('app.log'), asText(numbered(3, 4)));
      for (let day = 2; day <= 4; day++) await latest(stage, day, numbered(2 * day + 1, 2 * day + 2));
      await stage.up();
      return numbered(1, 10);
    },
  } satisfies Case,
]);

const WAYS: readonly Case[] = [
  {
    promise: 'a link that dangles, and one that loops, are waited for and read from the start',
    include: '*.log',
    fools: 'head',
    isUnordered: true,
    async play(stage) {
      await symlink(stage.path('later'), stage.path('app.log'));
      await symlink(stage.path('b.log'), stage.path('b.log'));
      await writeFile(stage.path('other.log'), 'other\n');
      await stage.up();
      await stage.hasRead(1);
      await writeFile(stage.path('later'), asText(numbered(1, 2)));
      await stage.hasRead(3);
      await point(stage, 'b.log', 'real');
      await writeFile(stage.path('real'), asText(numbered(3, 4)));
      return ['other', ...numbered(1, 4)];
    },
  },
  {
    promise: 'a file with several links to it is read once, over a restart and by whichever way it grows',
    include: '*.log',
    fools: 'name',
    async play(stage) {
      await writeFile(stage.path('file'), asText(numbered(1, 2)));
      await link(stage.path('file'), stage.path('a.log'));
      await link(stage.path('file'), stage.path('b.log'));
      await symlink(stage.path('file'), stage.path('c.log'));
      await symlink(stage.path('c.log'), stage.path('d.log'));
      await stage.up();
      await stage.hasRead(2);
      await appendFile(stage.path('b.log'), asText(numbered(3, 3)));
      await stage.hasRead(3);
      await stage.down();
      await appendFile(stage.path('d.log'), asText(numbered(4, 4)));
      await stage.up();
      await stage.hasRead(4);
      // The name that it was found under first goes; the others still lead to it.
      await unlink(stage.path('a.log'));
      await appendFile(stage.path('d.log'), asText(numbered(5, 6)));
      return numbered(1, 6);
    },
  },
  {
    promise: 'a file at rest whose first name goes while it grows is read on by another',
    include: '*.log',
    fools: 'name',
    timings: { parkMs: 50 },
    async play(stage) {
      await writeFile(stage.path('a.log'), asText(numbered(1, 2)));
      await link(stage.path('a.log'), stage.path('b.log'));
      await stage.up();
      await stage.hasRead(2);
      await stage.rests();
      // In one step: the agent, of the same process, cannot look in between.
      for (const name of ['a.log', 'b.log']) appendFileSync(stage.path(name), asText(['more']));
      unlinkSync(stage.path('a.log'));
      return [...numbered(1, 2), 'more', 'more'];
    },
  },
  {
    promise: 'a file rotated by a second hard link and the end of the first is one that was renamed',
    include: 'app.log*',
    fools: 'name',
    async play(stage) {
      await writeFile(stage.path('app.log'), asText(numbered(1, 2)));
      await stage.up();
      await stage.hasRead(2);
      await appendFile(stage.path('app.log'), asText(numbered(3, 3)));
      await link(stage.path('app.log'), stage.path('app.log.1'));
      await appendFile(stage.path('app.log.1'), asText(numbered(4, 4)));
      await unlink(stage.path('app.log'));
      await writeFile(stage.path('app.log'), asText(numbered(5, 6)));
      return numbered(1, 6);
    },
  },
];

testCases([...POINTED_ELSEWHERE, ...CONTAINERS, ...LATEST, ...WAYS]);

/** In one step, as `ln -sfn` and the kubelet do. */
async function point(stage: Stage, name: string, target: string): Promise<void> {
  await symlink(target, stage.path(`${name}.new`));
  await rename(stage.path(`${name}.new`), stage.path(name));
}

/** As rotatelogs and glog do it: each file has a name of its own for ever, and a link shows the latest. */
async function latest(stage: Stage, day: number, lines: readonly string[]): Promise<void> {
  await writeFile(stage.path(`app.log-2026112${day}`), asText(lines));
  await point(stage, 'app.log', `app.log-2026112${day}`);
}

async function version(stage: Stage, name: string, lines: readonly string[]): Promise<void> {
  await mkdir(stage.path(name));
  await writeFile(stage.path(`${name}/app.log`), asText(lines));
  await point(stage, '..data', name);
}

/** /var/log/containers/app.log leads to /var/log/pods/app/0.log. */
async function container(stage: Stage): Promise<void> {
  await mkdir(stage.path('pods/app'), { recursive: true });
  await symlink('pods/app/0.log', stage.path('app.log'));
}

async function log(stage: Stage, from: number, to: number): Promise<void> {
  await appendFile(stage.path(await readlink(stage.path('app.log'))), asText(numbered(from, to)));
}

async function rotateByKubelet(stage: Stage, minute: number): Promise<void> {
  await rename(stage.path('pods/app/0.log'), stage.path(`pods/app/0.log.20261123-10${minute}000`));
}
