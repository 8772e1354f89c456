/** Names that move while a survey looks at them: what it had open is not lost, whatever rotations do meanwhile. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Archives } from '../../agent/archives/archives.js';
import {
  type FileIdentity,
  isSameFile,
  LogFile,
  lookAt,
  openLogFile,
  type SourceFile,
} from '../../agent/files/log-file.js';
import { MarkTrail } from '../../agent/files/mark.js';
import { closeAll } from '../../agent/rotation/candidates.js';
import { FilesInHand } from '../../agent/rotation/files-in-hand.js';
import { Pursuit } from '../../agent/rotation/pursuit.js';
import { RotatedNames } from '../../agent/rotation/rotated-names.js';
import { type Listed, listSiblings } from '../../agent/rotation/sibling-listing.js';
import { type Survey, type SurveyOptions, survey } from '../../agent/rotation/survey.js';
import { Ledger } from '../../agent/sources/ledger.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Before each look at the names, the next step is taken. */
class MovingNames extends RotatedNames {
  readonly steps: (() => void)[] = [];

  override of(base: string, directory: string): Promise<readonly string[]> {
    this.steps.shift()?.();
    return super.of(base, directory);
  }
}

interface Stand {
  readonly path: string;
  readonly inHand: FilesInHand;
  readonly pursuit: Pursuit;
  /** Renames the file at the path to `.1`, which is overwritten, and makes another one that holds the text. */
  rotateTo(text: string): () => void;
  /** With what is done before the first and before the second look at the names. */
  survey(steps: readonly (() => void)[], options?: Partial<SurveyOptions>): Promise<Survey>;
}

const NOTHING = (): void => {};

/** A path whose first file, `a`, was read to its end and is held by its reader. */
async function surveyStand(writtenAt: (text: string) => Date | undefined = () => undefined): Promise<Stand> {
  const path = join(await temporaryDirectory(), 'app.log');
  const write = (text: string) => {
    writeFileSync(path, `${text}\n`);
    const at = writtenAt(text);
    if (at !== undefined) utimesSync(path, at, at);
  };
  write('a');
  const ledger = new Ledger('host');
  const file = await openLogFile(path);
  if (file === undefined) return expect.fail('no file');
  const { identity, modifiedNs } = await file.look();
  const mark = (await MarkTrail.at(file, 2))?.mark(modifiedNs) ?? expect.fail('no mark');
  const source = { channel: 'app', labels: {}, path, identity, generation: 0 };
  const known = ledger.admit(source);
  ledger.progress(known, { offset: 2, mark });
  const names = new MovingNames();
  const inHand = new FilesInHand();
  const pursuit = new Pursuit({ identity, modifiedNs });
  onTestFinished(async () => {
    await file.close();
    await inHand.closeBeyond(0);
  });
  const always: SurveyOptions = {
    ...{ path, ledger, names, inHand, lingerMs: 60_000, olderMax: 16, isCurrentKept: false },
    archives: new Archives(new AbortController().signal),
    isTaken: ({ inode }) => inode === identity.inode,
    isTailed: () => false,
    isLive: (source) => source === known,
    isHeld: async () => false,
    onListing: (listed) => pursuit.see(path, listed, (seen) => inHand.has(seen)),
  };
  return {
    ...{ path, inHand, pursuit },
    rotateTo: (text) => () => {
      if (existsSync(path)) renameSync(path, `${path}.1`);
      write(text);
    },
    survey: async (steps, options) => {
      names.steps.push(...steps);
      const found = await survey({ ...always, ...options });
      onTestFinished(() => closeAll([...found.older, ...(found.current ? [found.current] : [])]));
      return found;
    },
  };
}

/** As an archive of it gives the file back. */
function unpackAnew(path: string): void {
  const { atime, mtime } = statSync(path);
  copyFileSync(path, `${path}.tmp`);
  utimesSync(`${path}.tmp`, atime, mtime);
  renameSync(`${path}.tmp`, path);
}

async function identityAt(path: string): Promise<FileIdentity> {
  return (await lookAt(path))?.identity ?? expect.fail(`nothing at ${path}`);
}

async function listing(path: string): Promise<Listed[]> {
  const names = new RotatedNames();
  const listed = await listSiblings({ path, names, sought: undefined, isTailed: () => false });
  return listed ?? expect.fail('names were moving');
}

async function textsOf({ older, current }: Survey): Promise<string[]> {
  const textOf = async ({ file }: { file: SourceFile }) => {
    const bytes = Buffer.alloc((await file.look()).size);
    await file.read(bytes, 0);
    return bytes.toString().trimEnd();
  };
  return Promise.all([...older, ...(current ? [current] : [])].map(textOf));
}

test('a file that was open is read, also where it is deleted before it has a place', async () => {
  const { survey, rotateTo, pursuit } = await surveyStand();
  rotateTo('b')();
  expect((await survey([NOTHING, rotateTo('c')])).outcome).toBe('moving');
  expect((await survey([NOTHING, rotateTo('d')])).outcome).toBe('moving');
  const found = await survey([]);
  expect(found.outcome).toBe('whole');
  expect(await textsOf(found)).toEqual(['b', 'c', 'd']);
  expect(pursuit.hasLost(found.listed)).toBe(false);
});

test('without what is in hand it would be lost', async () => {
  const { survey, rotateTo, inHand } = await surveyStand();
  rotateTo('b')();
  await survey([NOTHING, rotateTo('c')]);
  await inHand.closeBeyond(0);
  await survey([NOTHING, rotateTo('d')]);
  await inHand.closeBeyond(0);
  expect(await textsOf(await survey([]))).toEqual(['c', 'd']);
});

test('what came and went between two looks is known to be lost', async () => {
  const { survey, rotateTo, pursuit } = await surveyStand();
  rotateTo('b')();
  await survey([NOTHING, rotateTo('c')]);
  for (const text of ['d', 'e', 'f']) rotateTo(text)();
  const found = await survey([]);
  expect(await textsOf(found)).toEqual(['b', 'c', 'e', 'f']);
  expect(pursuit.hasLost(found.listed)).toBe(true);
});

describe('where times do not tell', () => {
  const atOnce = () => new Date('2026-01-01T00:00:00Z');

  test('what a rotation deleted was written before what is left', async () => {
    const { survey, rotateTo } = await surveyStand(atOnce);
    rotateTo('b')();
    await survey([NOTHING, rotateTo('c')]);
    await survey([NOTHING, rotateTo('d')]);
    expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
  });

  test('what was deleted by hand keeps its place among the others', async () => {
    const { survey, rotateTo, path } = await surveyStand(atOnce);
    rotateTo('b')();
    rotateTo('c')();
    await survey([NOTHING, () => rmSync(path)]);
    rotateTo('d')();
    expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
  });

  test('what was deleted because it was compressed is younger than an archive of a higher count', async () => {
    const { survey, rotateTo, path } = await surveyStand(atOnce);
    rotateTo('b')();
    rotateTo('c')();
    await survey([NOTHING, () => rmSync(path)]);
    execFileSync('gzip', [`${path}.1`]);
    renameSync(`${path}.1.gz`, `${path}.2.gz`);
    rotateTo('d')();
    expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
  });
});

test('a file in hand that was compressed, deleted and unpacked meanwhile is read once', async () => {
  const { survey, rotateTo, path } = await surveyStand();
  rotateTo('b')();
  rotateTo('c')();
  await survey([NOTHING, () => unpackAnew(`${path}.1`)]);
  await survey([NOTHING, () => unpackAnew(`${path}.1`)]);
  expect(await textsOf(await survey([]))).toEqual(['b', 'c']);
});

test('a copy in hand that was compressed, deleted and unpacked meanwhile is the rest of its original, once', async () => {
  const { survey, path } = await surveyStand();
  const gone = { isTaken: () => false, isLive: () => false };
  appendFileSync(path, 'more\n');
  copyFileSync(path, `${path}.1`);
  const now = new Date();
  utimesSync(`${path}.1`, now, now);
  writeFileSync(path, 'b\n');
  await survey([NOTHING, () => unpackAnew(`${path}.1`)], gone);
  const found = await survey([], gone);
  expect(await textsOf(found)).toEqual(['a\nmore', 'b']);
  expect(found.older[0]?.known?.position.offset).toBe(2);
});

test('where a clock was set back, a file that is deleted is not counted as late as the one that has its name by now', async () => {
  const minutes: Record<string, number> = { a: 0, b: 55, c: 60, d: 65, e: 50, f: 51 };
  const { survey, path } = await surveyStand((text) => new Date(Date.UTC(2026, 0, 1, 9, minutes[text])));
  const rotateTo = (count: number, text: string) => {
    for (let age = count; age > 0; age--) renameSync(`${path}.${age}`, `${path}.${age + 1}`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, text);
    const at = new Date(Date.UTC(2026, 0, 1, 9, minutes[text]));
    utimesSync(path, at, at);
  };
  rotateTo(0, 'b');
  await survey([NOTHING, () => rotateTo(1, 'c')]);
  const deleteB = () => {
    rmSync(`${path}.1`);
    renameSync(`${path}.2`, `${path}.1`);
  };
  await survey([NOTHING, deleteB]);
  for (const [count, text] of ['d', 'e', 'f'].entries()) rotateTo(count + 1, text);
  expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd', 'e', 'f']);
});

test('a file that was at the path is read, also where its time is before all that was read', async () => {
  const hours: Record<string, number> = { a: 9, b: 1, c: 1 };
  const { survey, rotateTo } = await surveyStand((text) => new Date(Date.UTC(2026, 0, 1, hours[text])));
  rotateTo('b')();
  await survey([NOTHING, rotateTo('c')]);
  expect(await textsOf(await survey([]))).toEqual(['b', 'c']);
});

test('a file in hand that another path has taken up meanwhile is not read twice', async () => {
  const { survey, rotateTo, path, inHand } = await surveyStand();
  rotateTo('b')();
  const taken = await identityAt(path);
  await survey([NOTHING, rotateTo('c')]);
  expect(inHand.has(taken)).toBe(true);
  renameSync(`${path}.1`, `${path}.other`);
  const found = await survey([], { isTaken: (identity) => isSameFile(identity, taken) });
  expect(await textsOf(found)).toEqual(['c']);
  expect(inHand.isEmpty).toBe(true);
});

test('a file that nobody holds is no proof that none came after it: another may have its inode by now', async () => {
  const { path, pursuit, rotateTo } = await surveyStand();
  const [before] = await listing(path);
  rotateTo('b')();
  const listed = await listing(path);
  const later = listed.filter(({ look }) => before && !isSameFile(look.identity, before.look.identity));
  pursuit.see(path, listed, () => false);
  expect(pursuit.hasLost(later)).toBe(true);
  pursuit.see(path, listed, () => true);
  expect(pursuit.hasLost(later)).toBe(false);
});

test('of more files than there is room for the oldest stay in hand: they are deleted first', async () => {
  const { survey, rotateTo, path, inHand } = await surveyStand();
  rotateTo('b')();
  rotateTo('c')();
  const [b, c] = [await identityAt(`${path}.1`), await identityAt(path)];
  await survey([NOTHING, rotateTo('d')], { olderMax: 1 });
  expect([inHand.has(b), inHand.has(c)]).toEqual([true, false]);
  expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
});

test('a file whose handle has become stale, and that has no name any more, stands in the way of no other', async () => {
  const { survey, rotateTo, path } = await surveyStand();
  rotateTo('b')();
  const { inode } = await identityAt(path);
  await survey([NOTHING, rotateTo('c')]);
  rotateTo('d')();
  const isB = (file: LogFile) => file.identity.inode === inode;
  const { look } = LogFile.prototype;
  const looks = vi.spyOn(LogFile.prototype, 'look').mockImplementation(function (this: LogFile) {
    return isB(this) ? Promise.reject(new Error('ESTALE')) : look.call(this);
  });
  const stale = vi.spyOn(LogFile.prototype, 'isStale', 'get').mockImplementation(function (this: LogFile) {
    return isB(this);
  });
  onTestFinished(() => [looks, stale].forEach((spy) => void spy.mockRestore()));
  expect(await textsOf(await survey([]))).toEqual(['c', 'd']);
});

test('a file that was at the path and truncated is read, also by a name that no rotation gives', async () => {
  const { survey, rotateTo, path, inHand } = await surveyStand();
  await inHand.add((await openLogFile(path)) ?? expect.fail('no file'), 'place');
  writeFileSync(path, 'x\n');
  renameSync(path, `${path}-aside`);
  rotateTo('b')();
  const found = await survey([], { isTaken: () => false, isLive: () => false });
  expect(await textsOf(found)).toEqual(['x', 'b']);
});

test('a file that comes to hand twice is held once', async () => {
  const { path, inHand } = await surveyStand();
  for (const tie of ['place', 'name'] as const) {
    await inHand.add((await openLogFile(path)) ?? expect.fail('no file'), tie);
  }
  expect(inHand.nameless([])).toHaveLength(1);
  expect(inHand.wasAtPath(await identityAt(path))).toBe(true);
});

test('an error leaves in hand what was open', async () => {
  const { survey, rotateTo, path, inHand } = await surveyStand();
  rotateTo('b')();
  const b = await identityAt(path);
  const fail = () => {
    throw new Error('the directory cannot be read');
  };
  await expect(survey([NOTHING, fail])).rejects.toThrow('cannot be read');
  expect(inHand.has(b)).toBe(true);
  rotateTo('c')();
  rotateTo('d')();
  expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
});
