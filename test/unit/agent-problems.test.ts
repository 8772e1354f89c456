import { expect, test } from 'vitest';
import { Problems } from '../../agent/status/problems.js';

test('a problem is told with the time when it began, however often it is met', () => {
  const problems = new Problems();
  problems.begin('/a', 'EACCES', 1);
  problems.begin('/a', 'EACCES', 2);
  expect(problems.of('/a')).toEqual({ message: 'EACCES', atMs: 1, isOver: false });
  problems.begin('/a', 'EIO', 3);
  expect(problems.of('/a')).toEqual({ message: 'EIO', atMs: 3, isOver: false });
});

test('a problem that went away is remembered, and is present no more until it comes back', () => {
  const problems = new Problems();
  problems.begin('/a', 'EACCES', 1);
  problems.end('/a');
  problems.end('/b');
  expect(problems.of('/a')?.isOver).toBe(true);
  expect(problems.present()).toEqual([]);
  problems.begin('/a', 'EACCES', 5);
  expect(problems.present()).toEqual([['/a', { message: 'EACCES', atMs: 5, isOver: false }]]);
});

test('of very many problems the oldest are forgotten', () => {
  const problems = new Problems();
  for (let n = 0; n < 10_010; n++) problems.begin(`/${n}`, 'EACCES', n);
  expect(problems.present()).toHaveLength(10_000);
  expect(problems.of('/9')).toBeUndefined();
  expect(problems.of('/10')).toBeDefined();
});
