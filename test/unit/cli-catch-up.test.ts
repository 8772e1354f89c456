import { expect, test } from 'vitest';
import { CatchUp } from '../../cli/catch-up.js';

const MIB = 1024 * 1024;

/** Looks every half second at a backlog that goes down at a steady rate. */
function watch(backlogMib: number, mibPerSecond: number): (string | undefined)[] {
  const catchUp = new CatchUp();
  const texts: (string | undefined)[] = [];
  for (let atMs = 0; ; atMs += 500) {
    const appended = Math.min(backlogMib, (mibPerSecond * atMs) / 1_000) * MIB;
    const unreadBytes = backlogMib * MIB - appended;
    texts.push(catchUp.look({ atMs, appendedBytes: appended, unreadBytes, isStoreAway: false }));
    if (unreadBytes === 0) return texts;
  }
}

test('a long catch-up is told from the second look to its end, and then no more', () => {
  const texts = watch(900, 90);
  expect(texts[0]).toBeUndefined();
  expect(texts[1]).toBe('catching up: 45 MiB of 900 MiB (5 %), 90 MiB/s, 0:10 to go');
  expect(texts[10]).toBe('catching up: 450 MiB of 900 MiB (50 %), 90 MiB/s, 0:05 to go');
  expect(texts.at(-2)).toMatch(/\(95 %\).* 0:01 to go$/);
  expect(texts.at(-1)).toBeUndefined();
});

test.each([
  ['small', 60, 10],
  ['soon done', 190, 100],
])('a backlog that is %s is not told', (_kind, backlogMib, mibPerSecond) => {
  expect(watch(backlogMib, mibPerSecond).filter((text) => text !== undefined)).toEqual([]);
});

test('a long time is told in hours', () => {
  expect(watch(40_000, 10)[1]).toMatch(/, 10 MiB\/s, 1:06:40 to go$/);
});

test('a catch-up that stands still says what it waits for', () => {
  const catchUp = new CatchUp();
  const look = (atMs: number, isStoreAway: boolean) =>
    catchUp.look({ atMs, appendedBytes: 0, unreadBytes: 100 * MIB, isStoreAway });
  look(0, false);
  expect(look(500, true)).toBe('catching up: 0 B of 100 MiB (0 %), waiting for the store');
  expect(look(1_000, false)).toMatch(/, nothing moves$/);
});

test('a catch-up is told to its end though the files go on growing, and a later one anew', () => {
  const catchUp = new CatchUp();
  const look = (atMs: number, appended: number, unread: number) =>
    catchUp.look({ atMs, appendedBytes: appended * MIB, unreadBytes: unread * MIB, isStoreAway: false });
  look(0, 0, 400);
  expect(look(1_000, 50, 380)).toMatch(/^catching up: 50 MiB of 430 MiB/);
  expect(look(6_000, 420, 20)).toMatch(/^catching up: 420 MiB of 440 MiB/);
  expect(look(7_000, 440, 0.5)).toBeUndefined();
  expect(look(8_000, 441, 20)).toBeUndefined();
  look(60_000, 500, 300);
  expect(look(61_000, 510, 290)).toMatch(/^catching up: 10 MiB of 300 MiB/);
});
