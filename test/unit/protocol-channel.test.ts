import { describe, expect, test } from 'vitest';
import {
  compileChannelPattern,
  compileChannelPatterns,
  hasWildcard,
  isChannel,
  isChannelPattern,
  isTenant,
} from '../../shared/protocol/index.js';

describe('channel names', () => {
  const eight = Array.from({ length: 8 }, (_, index) => `s${index}`).join('/');

  test.each(['a', 'web/access', 'web/access.log', '...', 'a..b', '-', '_', 'A9', eight, 'x'.repeat(64)])(
    '%s is one',
    (text) => expect(isChannel(text)).toBe(true),
  );

  test.each([
    ['nothing', ''],
    ['an empty segment', 'a//b'],
    ['a leading slash', '/a'],
    ['a trailing slash', 'a/'],
    ['a dot as a segment', 'a/./b'],
    ['two dots as a segment', '../a'],
    ['a key that JavaScript loses', '__proto__'],
    ['nine segments', `${eight}/s8`],
    ['a segment of 65 characters', 'x'.repeat(65)],
    ['201 bytes', Array.from({ length: 4 }, () => 'x'.repeat(50)).join('/')],
    ['a space', 'a b'],
    ['a letter beyond ASCII', 'ä'],
    ['a newline at the end', 'a\n'],
    ['a wildcard', 'a*'],
    ['a brace, which Redis reads as a hash tag', 'a{b}'],
  ])('%s is none', (_what, text) => expect(isChannel(text)).toBe(false));

  test('200 bytes are allowed', () => {
    expect(isChannel(`${'x'.repeat(64)}/${'x'.repeat(64)}/${'x'.repeat(64)}/${'x'.repeat(5)}`)).toBe(true);
  });
});

describe('patterns', () => {
  test.each(['*', '**', 'web/*', 'web/**', 'web/a*z', '*/access', 'a*b*c/**', 'web/access'])(
    '%s is one',
    (text) => expect(isChannelPattern(text)).toBe(true),
  );

  test.each(['', '**/a', 'web**', 'a/**b', '***', 'web/', 'a/../*', 'a?', '[ab]'])('"%s" is none', (text) =>
    expect(isChannelPattern(text)).toBe(false),
  );

  test('only those with a star are more than one name', () => {
    expect(hasWildcard('web/*')).toBe(true);
    expect(hasWildcard('web/access')).toBe(false);
  });
});

describe('matching', () => {
  test.each([
    ['web/access', 'web/access'],
    ['*', 'web'],
    ['web/*', 'web/access'],
    ['web/a*s', 'web/access'],
    ['web/a*s', 'web/as'],
    ['web/*.log', 'web/.log'],
    ['web/**', 'web/eu/access'],
    ['web/**', 'web/access'],
    ['**', 'a/b/c'],
    ['*/b/*', 'a/b/c'],
  ])('%s matches %s', (pattern, channel) => expect(compileChannelPattern(pattern)(channel)).toBe(true));

  test.each([
    ['web/access', 'web/access.1'],
    ['*', 'web/access'],
    ['web/*', 'web'],
    ['web/*', 'web/eu/access'],
    ['web/**', 'web'],
    ['web/**', 'webx/a'],
    ['a.c', 'abc'],
    ['a.*', 'abc'],
    ['web/*', 'other/access'],
    ['web/a*', 'web/b'],
  ])('%s does not match %s', (pattern, channel) =>
    expect(compileChannelPattern(pattern)(channel)).toBe(false),
  );

  test('a list matches what any of it matches, and an empty one nothing', () => {
    const matches = compileChannelPatterns(['web/*', 'db']);
    expect(['web/a', 'db', 'x'].map(matches)).toEqual([true, true, false]);
    expect(compileChannelPatterns([])('web')).toBe(false);
  });

  test('a pattern of many stars takes no longer for a name that almost matches', () => {
    const matches = compileChannelPattern(`${'*a'.repeat(32)}`);
    expect(matches('a'.repeat(64))).toBe(true);
    expect(matches(`${'a'.repeat(63)}b`)).toBe(false);
  });
});

describe('tenants', () => {
  test.each(['a', '0', 'acme-2', 'a'.repeat(63)])('%s is one', (text) => expect(isTenant(text)).toBe(true));
  test.each(['', '-a', 'A', 'a_b', 'a/b', 'a'.repeat(64), 'a\n'])('%j is none', (text) =>
    expect(isTenant(text)).toBe(false),
  );
});
