import { expect, test } from 'vitest';
import { backoffDelay } from '../../shared/backoff.js';

const backoff = { baseMs: 100, capMs: 5_000 };
const almostOne = () => 1 - Number.EPSILON;

test('the longest wait doubles with each attempt up to the cap, for any number of attempts', () => {
  const longest = [0, 1, 2, 3, 6, 31, 5_000].map((attempt) => backoffDelay(attempt, backoff, almostOne));
  expect(longest).toEqual([99, 199, 399, 799, 4_999, 4_999, 4_999]);
});

test('jitter is full: any wait from 0 on may be drawn', () => {
  expect(backoffDelay(3, backoff, () => 0)).toBe(0);
  expect(backoffDelay(3, backoff, () => 0.5)).toBe(400);
});
