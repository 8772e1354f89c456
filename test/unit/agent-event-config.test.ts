import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { agentConfig } from '../../agent/index.js';
import type { LineFormat } from '../../agent/lines/line-format.js';
import { ConfigError } from '../../shared/errors.js';
import { checkConfig } from '../support/checked-config.js';

function formatOf(source: Record<string, unknown>, rest: Record<string, unknown> = {}): LineFormat {
  const sources = [{ include: ['/var/log/app.log'], ...source }];
  const settings = checkConfig({ tenant: 'acme', sources, ...rest }, agentConfig, 'agent.yaml');
  return settings.sources[0]?.format as LineFormat;
}

test('multiline is the name of a preset, or one with bounds, or rules', () => {
  expect(formatOf({ multiline: 'java' }).events).toMatchObject({
    linesMax: 500,
    bytesMax: 2 ** 18,
    waitMs: 1_000,
  });
  const bounds = { max_lines: 20, max_bytes: '8KiB', max_wait: '5s' };
  const expected = { linesMax: 20, bytesMax: 8 * 1024, waitMs: 5_000 };
  expect(formatOf({ multiline: { preset: 'go', ...bounds } }).events).toMatchObject(expected);
  expect(formatOf({ multiline: { start: '^\\d', ...bounds } }).events).toMatchObject(expected);
});

test('an event is not longer than a line may be', () => {
  expect(formatOf({ multiline: 'java', max_line_bytes: '4KiB' }).events?.bytesMax).toBe(4 * 1024);
});

test('rules for all sources come before those of a source, and none leave lines as plain as they were', () => {
  expect(formatOf({})).not.toHaveProperty('redaction');
  const { redaction } = formatOf(
    { redact: [{ pattern: 'b' }] },
    { redact: [{ pattern: 'a', replace: 'b' }] },
  );
  expect(redaction?.apply('a').text).toBe('[redacted]');
});

test('the same configuration gives the same format, another pattern another', () => {
  for (const [one, other] of [
    [{ multiline: 'java' }, { multiline: 'go' }],
    [{ multiline: { start: 'a' } }, { multiline: { start: 'b' } }],
    [{ redact: ['email'] }, { redact: ['ipv4'] }],
    [{ redact: [{ pattern: 'a' }] }, { redact: [{ pattern: 'b' }] }],
  ] as const) {
    expect(isDeepStrictEqual(formatOf(one), formatOf(one))).toBe(true);
    expect(isDeepStrictEqual(formatOf(one), formatOf(other))).toBe(false);
  }
});

test.each([
  [{ multiline: 'cobol' }, 'sources.0.multiline: must be java, python, go, node, or an object'],
  [{ multiline: {} }, 'sources.0.multiline: must have a preset, or at least one of start, continue and end'],
  [
    { multiline: { preset: 'go', start: 'a' } },
    'sources.0.multiline: must have a preset, or at least one of',
  ],
  [
    { multiline: { start: '(?=a)' } },
    'sources.0.multiline.start: is not in RE2 syntax, which has no look-around',
  ],
  [{ multiline: { start: 'a', max_lines: 1 } }, 'sources.0.multiline.max_lines: '],
  [{ multiline: { start: 'a', max_bytes: '1MiB' } }, 'sources.0.multiline.max_bytes: must be at most 262144'],
  [{ multiline: { start: 'a', max_wait: '1h' } }, 'sources.0.multiline.max_wait: must be at most 1m'],
  [{ multiline: { begin: 'a' } }, 'sources.0.multiline.begin: is not a known key'],
  [
    { multiline: { start: 'a', max_line: 5 } },
    'sources.0.multiline.max_line: is not a known key; did you mean max_lines?',
  ],
  [{ redact: ['iban'] }, 'sources.0.redact.0: must be email, credit_card,'],
  [{ redact: [{}] }, 'sources.0.redact.0: must have a preset or a pattern, and not both'],
  [
    { redact: [{ pattern: 'a', preset: 'email' }] },
    'sources.0.redact.0: must have a preset or a pattern, and not',
  ],
  [
    { redact: [{ pattern: '(hunter2' }] },
    'sources.0.redact.0.pattern: is not in RE2 syntax: missing closing )',
  ],
  [{ redact: [{ pattern: 'a*' }] }, 'sources.0.redact.0.pattern: must not match an empty text'],
  [
    { redact: [{ pattern: 'a', replace: '$1' }] },
    'sources.0.redact.0.replace: $1 is not a group of the pattern',
  ],
  ...['$0', '<$5>'].map((replace): [source: Record<string, unknown>, problem: string] => [
    { redact: [{ preset: 'email', replace }] },
    'sources.0.redact.0.replace: $',
  ]),
])('%j is refused', (source, problem) => {
  let error: unknown;
  try {
    formatOf(source);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).message).toContain(problem);
  expect((error as ConfigError).message).not.toContain('hunter2');
});
