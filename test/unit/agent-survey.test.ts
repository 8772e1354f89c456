/** Names that move while a survey looks at them: what it had open is not lost, whatever rotations do meanwhile. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isSameFile, LogFile, openLogFile } from '../../agent/files/log-file.js';
import {
  identityAt,
  listing,
  NOTHING,
  packAnew,
  surveyStand,
  textsOf,
  unpackAnew,
} from '../support/survey-stand.js';

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

test('an archive is not taken to be older than a file that is deleted and had a younger name', async () => {
  const hours: Record<string, number> = { a: 0, b: 1, c: 2, d: 3, e: 4 };
  const at = (text: string) => new Date(Date.UTC(2026, 0, 1, hours[text]));
  const { survey, rotateTo, path } = await surveyStand(at);
  rotateTo('b')();
  await survey([NOTHING, () => rmSync(path)]);
  rotateTo('c')();
  renameSync(path, `${path}.3`);
  rotateTo('d')();
  renameSync(path, `${path}.2`);
  rotateTo('e')();
  execFileSync('gzip', ['-n', `${path}.2`]);
  utimesSync(`${path}.2.gz`, at('e'), at('e'));
  expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd', 'e']);
});

test('a file that was compressed while it was in hand keeps its place among archives that have times of their own', async () => {
  const hours: Record<string, number> = { a: 0, b: 1, c: 2, d: 5 };
  const at = (hour: number | undefined) => new Date(Date.UTC(2026, 0, 1, hour));
  const { survey, rotateTo, path } = await surveyStand((text) => at(hours[text]));
  for (const text of ['b', 'c']) rotateTo(text)();
  renameSync(`${path}.1`, `${path}.2`);
  rotateTo('d')();
  packAnew(`${path}.2`, at(3));
  await survey([NOTHING, () => packAnew(`${path}.1`, at(4))]);
  expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
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

for (const isPacked of [false, true]) {
  test(`the copy of a file is read before what came after it was truncated, also where the file is deleted by now: ${isPacked ? 'packed' : 'plain'}`, async () => {
    const hours: Record<string, number> = { a: 0, b: 1, d: 5 };
    const at = (hour: number | undefined) => new Date(Date.UTC(2026, 0, 1, hour));
    const { survey, rotateTo, path } = await surveyStand((text) => at(hours[text]));
    rotateTo('b')();
    const copyTruncateDelete = () => {
      rmSync(`${path}.1`);
      copyFileSync(path, `${path}.1`);
      utimesSync(`${path}.1`, at(3), at(3));
      writeFileSync(path, 'c\n');
      utimesSync(path, at(2), at(2));
      rmSync(path);
      if (isPacked) packAnew(`${path}.1`, at(4));
    };
    await survey([NOTHING, copyTruncateDelete]);
    rotateTo('d')();
    expect(await textsOf(await survey([]))).toEqual(['b', 'c', 'd']);
  });
}

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
