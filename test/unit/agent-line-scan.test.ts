import { expect, test } from 'vitest';
import { HOLE_BYTES_MIN } from '../../agent/files/nuls.js';
import { LineScan } from '../../agent/lines/line-scan.js';
import { UTF_8, UTF_16BE, UTF_16LE } from '../../agent/lines/text-encoding.js';

/** Reads a growing text through a scan, so many bytes at a time at the most, and returns the spans found. */
function scanAll(text: string, readBytes: number, growth: readonly number[]): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const scan = new LineScan(0);
  const spans: string[] = [];
  for (const size of growth) {
    for (;;) {
      const given = bytes.subarray(scan.searched, Math.min(scan.searched + readBytes, size));
      if (given.length === 0) break;
      const found = scan.take(given, UTF_8, readBytes);
      if (found.kind === 'lines')
        spans.push(text.slice(found.from, found.textFrom + found.end - found.start));
      if (found.kind === 'long_line') spans.push(text.slice(found.from, found.to));
      expect(scan.lineStart === 0 || text[scan.lineStart - 1] === '\n' || text[scan.lineStart] === '\0').toBe(
        true,
      );
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
  const scan = new LineScan(0);
  let searched = 0;
  for (let size = 1; size <= 10_000; size++) {
    const given = Buffer.alloc(Math.min(100, size - scan.searched), 0x78);
    searched += given.length;
    expect(scan.take(given, UTF_8, 100)).toEqual({ kind: 'unfinished' });
  }
  expect(searched).toBe(10_000);
});

test('a line that was taken back is searched from its start again', () => {
  const scan = new LineScan(10);
  scan.take(Buffer.from('wrong'), UTF_8, 100);
  expect(scan.searched).toBe(15);
  scan.searchAgain();
  expect(scan.searched).toBe(10);
  expect(scan.take(Buffer.from('right\nand'), UTF_8, 100)).toEqual({
    ...{ kind: 'lines', from: 10, textFrom: 10 },
    ...{ start: 0, end: 6 },
  });
  expect(scan.lineStart).toBe(16);
});

test('NULs before a line are passed over and belong to the span that follows them', () => {
  const scan = new LineScan(5);
  expect(scan.take(Buffer.alloc(100), UTF_8, 100)).toEqual({ kind: 'unfinished' });
  expect(scan.take(Buffer.alloc(100), UTF_8, 100)).toEqual({ kind: 'unfinished' });
  expect([scan.lineStart, scan.textStart, scan.searched]).toEqual([5, 205, 205]);
  expect(scan.openHole).toEqual({ from: 5, to: 205 });
  expect(scan.take(Buffer.from('\0\0line\nrest'), UTF_8, 100)).toEqual({
    ...{ kind: 'lines', from: 5, textFrom: 207 },
    ...{ start: 2, end: 7 },
  });
  expect(scan.lineStart).toBe(212);
});

test('a hole inside a line ends it, wherever the reads end', () => {
  for (const readBytes of [1_000, 4_096, 5_000, 10_000]) {
    for (const nuls of [HOLE_BYTES_MIN - 1, HOLE_BYTES_MIN, HOLE_BYTES_MIN + 1, 3 * HOLE_BYTES_MIN]) {
      const text = `first\nabc${'\0'.repeat(nuls)}rest\n`;
      const isTorn = nuls >= HOLE_BYTES_MIN;
      const spans = scanAll(text, readBytes, [text.length]);
      expect(spans.join('')).toBe(text);
      expect(spans.some((span) => span.endsWith('abc'))).toBe(isTorn);
    }
  }
});

test('lines of UTF-16 end at whole code units only', () => {
  const oddNewlines = Buffer.from([0x41, 0x0a, 0x00, 0x0a, 0x42, 0x0a, 0x0a, 0x00]);
  expect(UTF_16LE.firstLineEnd(oddNewlines, 0)).toBe(8);
  expect(UTF_16LE.lastLineEnd(oddNewlines)).toBe(8);
  expect(UTF_16BE.firstLineEnd(oddNewlines, 0)).toBe(4);
  expect(UTF_16LE.lastLineEnd(oddNewlines.subarray(0, 6))).toBe(0);
});

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
