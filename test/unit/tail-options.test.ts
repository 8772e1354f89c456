/** What `tailrace tail` understands of its options, and the sentence that it answers the others with. */
import { describe, expect, test } from 'vitest';
import { type TailOptions, tailPlan } from '../../client/tail/options.js';
import { parseSince } from '../../client/tail/since.js';
import { UsageError } from '../../shared/errors.js';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

function plan(options: Partial<TailOptions> = {}) {
  return tailPlan({ url: 'ws://hub', token: 't', channels: ['web/a'], ...options }, NOW_MS);
}

describe('where it starts', () => {
  test.each<[string, Partial<TailOptions>, unknown]>([
    ['at the last ten lines', {}, { tail: 10 }],
    ['at the last n lines', { lines: 500 }, { tail: 500 }],
    ['at the end', { lines: 0 }, { tail: 0 }],
    ['at the beginning', { lines: 'all' }, 'start'],
    ['at a time', { since: '10m' }, { since: NOW_MS - 600_000 }],
    ['behind a cursor', { afterCursor: '1.e.5-0.7' }, { cursor: '1.e.5-0.7' }],
  ])('%s', (_where, options, from) => expect(plan(options).from).toEqual(from));
});

describe('channels', () => {
  test('that are named twice are asked for once', () => {
    expect(plan({ channels: ['b', 'a', 'b'] }).channels).toEqual(['b', 'a']);
  });

  test('that a pattern matches come with the pattern', () => {
    expect(plan({ channels: ['web/a', 'web/*', 'db', 'web/eu/a'] }).channels).toEqual([
      'web/*',
      'db',
      'web/eu/a',
    ]);
  });
});

test.each<[string, Partial<TailOptions>, RegExp]>([
  ['no channel', { channels: [] }, /at least one channel/],
  ['a name that is none', { channels: ['web//a'] }, /"web\/\/a" is neither a channel nor a pattern/],
  ['too many lines', { lines: 1_000_001 }, /--lines must be .* to 1000000/],
  ['half a line', { lines: 1.5 }, /--lines/],
  ['no number of lines', { lines: Number.NaN }, /--lines/],
  ['lines and a time', { lines: 5, since: '1h' }, /exclude each other/],
  ['a cursor and a time', { afterCursor: '1.e.5-0.7', since: '1h' }, /leave out/],
  ['a cursor for a pattern', { afterCursor: '1.e.5-0.7', channels: ['web/*'] }, /exactly one/],
  ['a cursor for two channels', { afterCursor: '1.e.5-0.7', channels: ['a', 'b'] }, /exactly one/],
  ['a cursor that is none', { afterCursor: 'x' }, /is not a cursor/],
  ['a form that is none', { output: 'xml' as 'raw' }, /default, raw, json/],
  ['a pattern that does not compile', { grep: ['('] }, /--grep "\(" is no regular expression/],
  ['an exclusion that does not compile', { exclude: ['[z-a]'] }, /--exclude/],
  ['a URL that is none', { url: 'localhost:7700' }, /"localhost:7700" is not the URL of a hub/],
])('%s is refused with the rule', (_what, options, message) => {
  expect(() => plan(options)).toThrow(UsageError);
  expect(() => plan(options)).toThrow(message);
});

describe('a time', () => {
  test.each([
    ['90s', NOW_MS - 90_000],
    ['10m', NOW_MS - 600_000],
    ['2h', NOW_MS - 7_200_000],
    ['1d', NOW_MS - 86_400_000],
    ['1w', NOW_MS - 604_800_000],
    ['0s', NOW_MS],
    ['999999999w', 0],
    ['2026-03-01T12:00:00Z', NOW_MS],
    ['2026-03-01T13:00:00.5+01:00', NOW_MS + 500],
    [`${NOW_MS}`, NOW_MS],
  ])('may be %s', (text, expected) => expect(parseSince(text, NOW_MS)).toBe(expected));

  test.each([
    '',
    '10',
    'm',
    '10 m',
    '-10m',
    '10y',
    'yesterday',
    '2026-03-01',
    '2026-03-01T12:00:00',
    '2026-13-01T00:00:00Z',
  ])('is not %j', (text) => expect(() => parseSince(text, NOW_MS)).toThrow(UsageError));
});

describe('which lines it keeps', () => {
  const lines = ['GET /a 200', 'GET /b 404', 'POST /a 500', 'get /c 200'];
  const kept = (options: Partial<TailOptions>) => lines.filter(plan(options).keeps);

  test('all without a filter', () => expect(kept({})).toEqual(lines));
  test('those that any pattern matches', () =>
    expect(kept({ grep: ['404$', '^POST'] })).toEqual(lines.slice(1, 3)));
  test('none that an exclusion matches', () =>
    expect(kept({ exclude: ['/a'] })).toEqual([lines[1], lines[3]]));
  test('both together', () => expect(kept({ grep: ['GET'], exclude: ['404'] })).toEqual([lines[0]]));
  test('without regard to case, if asked', () => {
    expect(kept({ grep: ['get'], exclude: ['/B'], ignoreCase: true })).toEqual([lines[0], lines[3]]);
  });
});
