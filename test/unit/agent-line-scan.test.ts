import { expect, test } from 'vitest';
import { LineScan } from '../../agent/line-scan.js';

/** Reads a growing text through a scan, so many bytes at a time at the most, and returns the spans found. */
function scanAll(text: string, readBytes: number, growth: readonly number[]): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const scan = new LineScan(0, readBytes);
  const spans: string[] = [];
  for (const size of growth) {
    for (;;) {
      const { offset, length } = scan.wanted();
      const given = bytes.subarray(offset, Math.min(offset + length, size));
      if (given.length === 0) break;
      const found = scan.take(given);
      if (found.kind === 'lines') spans.push(text.slice(found.from, found.from + found.length));
      if (found.kind === 'long_line') spans.push(text.slice(found.from, found.to));
      expect(scan.lineStart === 0 || text[scan.lineStart - 1] === '\n').toBe(true);
    }
  }
  return spans;
}

test('whatever the reads and however the file grows, spans are whole lines and leave nothing out', () => {
  const seed = Number(process.env['TAILRACE_SEED'] ?? Date.now());
  const random = randomFrom(seed);
  for (let round = 0; round < 1_000; round++) {
    const lines = Array.from({ length: Math.floor(random() * 20) }, () =>
      'x'.repeat(Math.floor(random() ** 3 * 60)),
    );
    const rest = random() < 0.5 ? 'unfinished' : '';
    const text = lines.map((line) => `${line}\n`).join('') + rest;
    const growth = Array.from({ length: 1 + Math.floor(random() * 8) }, () =>
      Math.floor(random() * text.length),
    );
    const readBytes = 1 + Math.floor(random() * 30);
    const spans = scanAll(text, readBytes, [...growth.sort((a, b) => a - b), text.length]);
    const about = `seed ${seed}, round ${round}`;
    expect(spans.join(''), about).toBe(text.slice(0, text.length - rest.length));
    for (const span of spans) {
      expect(span.endsWith('\n'), about).toBe(true);
      // A span over the size of a read is a single line.
      if (span.length > readBytes) expect(span.indexOf('\n'), about).toBe(span.length - 1);
    }
  }
});

test('an unfinished line is searched once, not again with every byte that comes', () => {
  const scan = new LineScan(0, 100);
  let searched = 0;
  for (let size = 1; size <= 10_000; size++) {
    const { offset, length } = scan.wanted();
    const given = Buffer.alloc(Math.min(length, size - offset), 0x78);
    searched += given.length;
    expect(scan.take(given)).toEqual({ kind: 'unfinished' });
  }
  expect(searched).toBe(10_000);
});

test('a line that was taken back is searched from its start again', () => {
  const scan = new LineScan(10, 100);
  scan.take(Buffer.from('wrong'));
  expect(scan.wanted().offset).toBe(15);
  scan.searchAgain();
  expect(scan.wanted().offset).toBe(10);
  expect(scan.take(Buffer.from('right\nand'))).toEqual({ kind: 'lines', from: 10, length: 6 });
  expect(scan.lineStart).toBe(16);
});

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
