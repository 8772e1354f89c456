import { expect, test } from 'vitest';
import { compareLines } from '../support/received-lines.js';

const WRITTEN = ['a', 'b', 'c', 'd', 'e'];

test('equal lists differ in nothing', () => {
  expect(compareLines(WRITTEN, WRITTEN)).toEqual({
    written: 5,
    received: 5,
    missing: [],
    missingLines: 0,
    repeated: [],
    outOfOrder: [],
    foreign: [],
  });
});

test('lines that are missing next to each other are one run', () => {
  const { missing, missingLines } = compareLines(WRITTEN, ['b', 'e']);
  expect(missing).toEqual([
    { from: 0, to: 1, first: 'a', last: 'a' },
    { from: 2, to: 4, first: 'c', last: 'd' },
  ]);
  expect(missingLines).toBe(3);
});

test('a line that comes twice is repeated, and nothing else', () => {
  const comparison = compareLines(WRITTEN, ['a', 'b', 'a', 'c', 'd', 'e']);
  expect(comparison).toMatchObject({ repeated: ['a'], outOfOrder: [], missing: [], foreign: [] });
});

test('a line that comes late is out of order, and nothing else', () => {
  const comparison = compareLines(WRITTEN, ['a', 'c', 'b', 'd', 'e']);
  expect(comparison).toMatchObject({ outOfOrder: ['b'], repeated: [], missing: [], foreign: [] });
});

test('a torn line is foreign, and the whole one is missing', () => {
  const comparison = compareLines(['first', 'second'], ['fir', 'second']);
  expect(comparison).toMatchObject({ foreign: ['fir'], missingLines: 1 });
});

test('written lines that cannot be told apart are refused', () => {
  expect(() => compareLines(['a', 'a'], ['a'])).toThrow('not unique');
});
