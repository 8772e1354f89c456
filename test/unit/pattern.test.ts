import { expect, test } from 'vitest';
import { Pattern, PatternError } from '../../shared/pattern.js';

test('finds matches with their groups, from a place on', () => {
  const pattern = Pattern.compile('(?i)b(\\d)(x)?');
  expect(pattern.groups).toBe(2);
  expect(pattern.test('aB1')).toBe(true);
  const match = pattern.find('b1 B2', 1);
  expect([match?.start, match?.end, match?.group(0), match?.group(1), match?.group(2)]).toEqual([
    3,
    5,
    'B2',
    '2',
    '',
  ]);
  expect(pattern.find('b1 B2', 4)).toBeUndefined();
});

test('what RE2 does not have is refused with its name', () => {
  for (const source of ['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b'])
    expect(() => Pattern.compile(source)).toThrow(/look-around/);
  expect(() => Pattern.compile('(a)\\1')).toThrow(/back-references/);
  expect(() => Pattern.compile('(?>a)')).toThrow(/atomic/);
  expect(() => Pattern.compile('a'.repeat(2_001))).toThrow(/longer than 2000 characters/);
});

test('a wrong pattern is refused without being quoted', () => {
  for (const source of ['(hunter2', 'hunter2[', 'hunter2**']) {
    const error = (() => {
      try {
        return Pattern.compile(source);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(PatternError);
    expect((error as PatternError).message).toMatch(/^is not in RE2 syntax: /);
    expect((error as PatternError).message).not.toContain('hunter2');
  }
});

test('takes time that grows with the text alone', () => {
  expect(Pattern.compile('(a|a)*b').test('a'.repeat(100_000))).toBe(false);
});
