import { expect, test } from 'vitest';
import { UnreadAge } from '../../agent/status/unread-age.js';

test('a byte is as old as the first look that showed it', () => {
  const age = new UnreadAge();
  age.look(100, 0, 1_000);
  age.look(200, 0, 2_000);
  expect(age.ageMs(0, 5_000)).toBe(4_000);
  expect(age.ageMs(99, 5_000)).toBe(4_000);
  expect(age.ageMs(100, 5_000)).toBe(3_000);
});

test('nothing is old that no look has shown, and nothing once it is stored', () => {
  const age = new UnreadAge();
  age.look(100, 100, 1_000);
  expect(age.ageMs(100, 9_000)).toBe(0);
  age.look(100, 0, 2_000);
  age.look(100, 100, 3_000);
  expect(age.ageMs(100, 9_000)).toBe(0);
});

test('a file that is always written to and always read is never behind', () => {
  const age = new UnreadAge();
  for (let second = 0; second < 1_000; second++) {
    age.look((second + 1) * 100, second * 100, second * 1_000);
    expect(age.ageMs(second * 100, second * 1_000 + 10)).toBe(10);
  }
});

test('a file that got shorter is as old as the look that showed it so', () => {
  const age = new UnreadAge();
  age.look(100, 50, 1_000);
  age.look(20, 0, 8_000);
  expect(age.ageMs(0, 9_000)).toBe(1_000);
});

test('an outage of any length takes the same memory, and its oldest byte keeps its age', () => {
  const age = new UnreadAge();
  for (let second = 0; second < 100_000; second++) age.look((second + 1) * 10, 0, second * 1_000);
  expect(age.ageMs(0, 100_000_000)).toBe(100_000_000);
  // As it is caught up, the age of what is left goes down, and never says more than the truth.
  let before = Number.POSITIVE_INFINITY;
  for (let offset = 0; offset < 1_000_000; offset += 10_000) {
    const now = age.ageMs(offset, 100_000_000);
    expect(now).toBeLessThanOrEqual(100_000_000 - (offset / 10) * 1_000);
    expect(now).toBeLessThanOrEqual(before);
    before = now;
  }
  expect(before).toBeLessThan(20_000_000);
});
