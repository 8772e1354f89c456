import { describe, expect, test } from 'vitest';
import { compileReadAccess } from '../../hub/access.js';

describe('read access', () => {
  test('a grant allows the channels that it matches and no other', () => {
    const { allows } = compileReadAccess(['web/*', 'db']);
    expect(['web/a', 'db'].every(allows)).toBe(true);
    expect(['web', 'web/a/b', 'db/x', 'other', 'webx/a'].some(allows)).toBe(false);
  });

  test('an empty grant allows nothing', () => {
    const access = compileReadAccess([]);
    expect(access.allows('web')).toBe(false);
    expect(access.mayMatch('**')).toBe(false);
  });

  test.each([
    ['**', 'web/a'],
    ['web/*', 'web/a'],
    ['web/*', '*/access'],
    ['a*c', '*b*'],
    ['a*', '*z'],
    ['web/**', '**'],
    ['web/**', 'web/a/b'],
    ['*', 'a'],
    ['a*b*c', 'abc'],
    ['*-*', 'x*'],
  ])('a request for %s may match a grant of %s, either way round', (request, grant) => {
    expect(compileReadAccess([grant]).mayMatch(request)).toBe(true);
    expect(compileReadAccess([request]).mayMatch(grant)).toBe(true);
  });

  test.each([
    ['web/*', 'db/a'],
    ['web/**', 'web'],
    ['a*', 'b*'],
    ['a*b', '*c'],
    ['web/*/x', 'web/y'],
    ['*', 'a/b'],
    ['abc', 'a*d'],
  ])('a request for %s never matches a grant of %s, either way round', (request, grant) => {
    expect(compileReadAccess([grant]).mayMatch(request)).toBe(false);
    expect(compileReadAccess([request]).mayMatch(grant)).toBe(false);
  });

  test('whatever one channel satisfies on both sides is found to overlap', () => {
    const patterns = ['a', 'b', '*', 'a*', '*b', 'a/b', 'a/*', '*/b', '**', 'a/**', '*/**', 'ab', 'a*b'];
    const channels = ['a', 'b', 'ab', 'axb', 'a/b', 'b/b', 'a/b/c', 'x/y/z'];
    for (const request of patterns) {
      for (const grant of patterns) {
        const asked = compileReadAccess([request]).allows;
        const granted = compileReadAccess([grant]);
        const common = channels.some((channel) => asked(channel) && granted.allows(channel));
        if (common) expect([request, grant, granted.mayMatch(request)]).toEqual([request, grant, true]);
      }
    }
  });
});
