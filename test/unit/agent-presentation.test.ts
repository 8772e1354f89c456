/** Whether two configurations treat a path alike: only then does a reload leave it alone. */
import { expect, test } from 'vitest';
import { isSamePresentation, presentationOf } from '../../agent/config/presentation.js';
import { keysForRestart } from '../../agent/config/reload.js';
import { agentConfig } from '../../agent/index.js';
import { checkConfig } from '../support/checked-config.js';

type Keys = Readonly<Record<string, unknown>>;

const SOURCE = {
  channel: 'a/{name}',
  labels: { team: 'x', tier: 'y' },
  encoding: 'shift_jis',
  max_line_bytes: '4KiB',
  multiline: { start: '^\\d', max_wait: '2s' },
  redact: ['email', { pattern: 'key=(\\w+)', replace: 'key=?' }],
};

function settings(source: Keys, others: Keys = {}) {
  return agentConfig.parse({ tenant: 't', host: 'h', sources: [{ include: ['/a'], ...source }], ...others });
}

function presentation(source: Keys, others: Keys = {}) {
  const [rule] = settings(source, others).sources;
  if (rule === undefined) throw new Error('no rule');
  return presentationOf(rule, '/var/log/app.log', 'h');
}

test.each([{}, SOURCE, { multiline: 'python' }])('the same configuration treats a path alike', (source) => {
  expect(isSamePresentation(presentation(source), presentation(source))).toBe(true);
});

test('another order of labels, or what does not concern lines, is no difference', () => {
  const labels = { tier: 'y', team: 'x' };
  const other = presentation({ ...SOURCE, labels, read_from: 'end', exclude: ['*.tmp'], ignore_older: '1d' });
  expect(isSamePresentation(presentation(SOURCE), other)).toBe(true);
});

test.each([
  ['channel', { channel: 'b/{name}' }],
  ['label', { labels: { team: 'x' } }],
  ['encoding', { encoding: 'utf-16le' }],
  ['limit of a line', { max_line_bytes: '5KiB' }],
  ['pattern of events', { multiline: { start: '^\\D', max_wait: '2s' } }],
  ['bound of events', { multiline: { start: '^\\d', max_wait: '3s' } }],
  ['preset of events', { multiline: 'java' }],
  ['redacted preset', { redact: ['ipv4', SOURCE.redact[1]] }],
  ['redacted pattern', { redact: ['email', { pattern: 'key=(\\d+)', replace: 'key=?' }] }],
  ['replacement', { redact: ['email', { pattern: 'key=(\\w+)', replace: 'key=!' }] }],
])('another %s is a difference', (_what, change) => {
  expect(isSamePresentation(presentation(SOURCE), presentation({ ...SOURCE, ...change }))).toBe(false);
});

test('what goes for all sources is a difference as well', () => {
  const changed = presentation({}, { redact: ['email'] });
  expect(isSamePresentation(presentation({}), changed)).toBe(false);
});

test('what a running agent cannot take over is named as it stands in the file, without its value', () => {
  const before = settings({}, { redis: { url: 'redis://:hunter2@a' }, retention: { age: '1d' } });
  const after = settings({ channel: 'b' }, { redis: { url: 'redis://b' }, open_files_max: 99 });
  expect(keysForRestart(before, after).sort()).toEqual(['open_files_max', 'redis', 'retention']);
  expect(keysForRestart(before, before)).toEqual([]);
});

test('a mistake inside of one form of a value is named with its key', () => {
  const check = (multiline: Keys) => () =>
    checkConfig({ tenant: 't', sources: [{ include: ['/a'], multiline }] }, agentConfig, 'agent.yaml');
  expect(check({ strat: 'x' })).toThrow('sources.0.multiline.strat: is not a known key; did you mean start?');
  expect(check({ start: 'x', max_wait: 'soon' })).toThrow('sources.0.multiline.max_wait: must be a duration');
});
