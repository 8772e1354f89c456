/** Figures compare between machines only if the corpora are the same everywhere and look like real logs. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { corpusBlock, writeCorpus } from '../../bench/harness/corpus.js';
import { median, medianRatio, percentile } from '../../bench/harness/statistics.js';
import { temporaryDirectory } from '../support/temporary.js';

test('an access-log line has 123 bytes on average', () => {
  const lines = corpusBlock('access', 100_000);
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  expect(Math.round(bytes / lines.length)).toBe(123);
});

test('a corpus is the same each time', () => {
  for (const kind of ['access', 'application'] as const) {
    expect(corpusBlock(kind, 2_000)).toEqual(corpusBlock(kind, 2_000));
  }
});

test('hardly any line of a corpus is a repetition', () => {
  const lines = corpusBlock('access', 50_000);
  expect(new Set(lines).size / lines.length).toBeGreaterThan(0.95);
});

test('a corpus file has as many lines and bytes as it says', async () => {
  const corpus = await writeCorpus(await temporaryDirectory(), 'access', 300_001);
  const text = await readFile(corpus.file, 'latin1');
  expect(text.length).toBe(corpus.bytes);
  expect(text.endsWith('\n')).toBe(true);
  expect(text.split('\n').length - 1).toBe(corpus.lines);
});

test('the median of an even number of runs lies between the two middle ones', () => {
  expect(median([4, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a percentile is a value that was measured', () => {
  const values = Float64Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([100, 198, 200]);
});

test('a ratio is taken run by run', () => {
  expect(medianRatio([10, 40, 30], [10, 20, 10])).toBe(2);
});
