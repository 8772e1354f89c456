/** What `tailrace tail` writes for lines, gaps and notices. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ClientNotice, GapEvent, LinesEvent } from '../../client/events.js';
import { lineFormat } from '../../client/tail/line-format.js';
import { gapSentence, leftSentence, NoticeDigest } from '../../client/tail/notice-format.js';
import type { TailOutput } from '../../client/tail/options.js';
import { printable, printableJson } from '../../shared/printable.js';

const EVENT: LinesEvent = {
  type: 'lines',
  channel: 'web/a',
  seq: 41,
  at: Date.parse('2026-03-01T12:00:00.5Z'),
  source: { id: 's', host: 'web-1', path: '/log', labels: { env: 'x' } },
  lines: ['plain', 'red \u001b[31mtext', 'cut'],
  cut: [2],
  cursor: '1.e.5-0.44',
};

function written(
  output: TailOutput,
  { isTTY = false, keeps = (_line: string): boolean => true } = {},
): string {
  return lineFormat({ output, keeps, stdout: Object.assign(new PassThrough(), { isTTY }) })(EVENT);
}

describe('lines', () => {
  test('have time and channel before them', () => {
    expect(written('default').split('\n')[0]).toBe('2026-03-01T12:00:00.500Z web/a plain');
  });

  test('are as they are in raw, on a terminal too', () => {
    for (const isTTY of [false, true])
      expect(written('raw', { isTTY })).toBe('plain\nred \u001b[31mtext\ncut\n');
  });

  test('are one JSON object each, the last one with the cursor behind it', () => {
    const records = written('json')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const common = { channel: 'web/a', at: EVENT.at, host: 'web-1', path: '/log', labels: { env: 'x' } };
    expect(records).toEqual([
      { ...common, seq: 41, line: 'plain' },
      { ...common, seq: 42, line: 'red \u001b[31mtext' },
      { ...common, seq: 43, line: 'cut', cut: true, cursor: '1.e.5-0.44' },
    ]);
  });

  test.each(['default', 'raw', 'json'] as const)(
    'that the filter drops leave nothing behind in %s',
    (output) => {
      expect(written(output, { keeps: () => false })).toBe('');
      expect(written(output, { keeps: (line) => line === 'plain' }).split('\n')).toHaveLength(2);
    },
  );

  test('keep their numbers when others are dropped', () => {
    expect(JSON.parse(written('json', { keeps: (line) => line === 'cut' }))).toMatchObject({ seq: 43 });
  });

  test('cannot drive a terminal', () => {
    expect(written('default', { isTTY: true })).toContain('red \\x1b[31mtext');
    expect(written('default', { isTTY: false })).toContain('red \u001b[31mtext');
  });
});

describe('control characters', () => {
  test('are shown, but for the tab', () => {
    expect(printable('a\tb\u0000\u0007\u001b]0;title\u0007\r\n\u007f\u009b1m')).toBe(
      'a\tb\\x00\\x07\\x1b]0;title\\x07\\x0d\\x0a\\x7f\\x9b1m',
    );
  });

  test('are escaped in JSON without changing what it says', () => {
    const json = JSON.stringify({ line: 'a\u009b1m\u007f\u001b' });
    expect(printableJson(json)).toBe('{"line":"a\\u009b1m\\u007f\\u001b"}');
    expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
  });

  test('other text is left alone', () => {
    const text = 'grüße 日本 😀 \u00a0';
    expect(printable(text)).toBe(text);
  });
});

describe('a gap', () => {
  const gap: GapEvent = {
    type: 'gap',
    channel: 'web/a',
    reason: 'trimmed',
    from: 3,
    to: 9,
    lines: 7,
    seq: 10,
    cursor: 'c',
  };

  test.each<[GapEvent['reason'], string]>([
    ['trimmed', 'web/a: lines 3 to 9 (7 lines): removed by retention before they were read'],
    ['rewound', 'web/a: lines 3 to 9 (7 lines): the store went back, they may come twice'],
    ['skipped', 'web/a: lines 3 to 9 (7 lines): skipped, this reader is too slow'],
    ['unreadable', 'web/a: lines 3 to 9 (7 lines): stored damaged'],
  ])('%s is one sentence', (reason, sentence) => expect(gapSentence({ ...gap, reason })).toBe(sentence));

  test('that cannot be counted says so', () => {
    expect(gapSentence({ ...gap, reason: 'recreated', from: null, to: null, lines: null })).toBe(
      'web/a: the history was replaced, line numbers start over',
    );
  });

  test('of one line speaks of one', () => {
    expect(gapSentence({ ...gap, to: 3, lines: 1 })).toMatch(/^web\/a: line 3: /);
  });
});

test('a hub that is away is told once, and so is its return', () => {
  const digest = new NoticeDigest({ saysReady: true });
  const connected: ClientNotice = { type: 'connected', tenant: 'acme', expiresAt: 1, message: 'connected' };
  const away: ClientNotice = { type: 'disconnected', code: 1006, retryInMs: 5, message: 'away' };
  const other: ClientNotice = { type: 'fault', message: 'fault' };
  const notices = [away, away, connected, connected, away, other, away, connected];
  expect(notices.map((notice) => digest.sentence(notice))).toEqual([
    'away',
    undefined,
    'connected',
    undefined,
    'away',
    'fault',
    undefined,
    'connected',
  ]);
});

test('a channel that leaves a pattern is told', () => {
  expect(leftSentence({ type: 'unsubscribed', channel: 'web/a', reason: 'forbidden' })).toMatch(
    /^web\/a: left out/,
  );
});

test('a first connection is not told where nobody waits for it', () => {
  const digest = new NoticeDigest({ saysReady: false });
  const connected: ClientNotice = { type: 'connected', tenant: 'acme', expiresAt: 1, message: 'connected' };
  expect(digest.sentence(connected)).toBeUndefined();
});
