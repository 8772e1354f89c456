import { describe, expect, test } from 'vitest';
import { demoLine } from '../../cli/demo-log.js';

/** A generator of numbers that look random and are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('the demo log', () => {
  const random = seeded(1);
  const lines = Array.from({ length: 2_000 }, () => demoLine(0, random));

  test('has a time, a level and a text in every line', () => {
    const shape = /^1970-01-01T00:00:00\.000Z (DEBUG|INFO |WARN |ERROR) \w+ +\S.*$/;
    expect(lines.filter((line) => !shape.test(line))).toEqual([]);
  });

  test('shows every level, errors least of all', () => {
    const count = (level: string) => lines.filter((line) => line.includes(` ${level} `)).length;
    expect(count('INFO')).toBeGreaterThan(count('WARN'));
    expect(count('WARN')).toBeGreaterThan(count('ERROR'));
    expect(count('ERROR')).toBeGreaterThan(0);
  });

  test('never says undefined or NaN', () => {
    expect(lines.filter((line) => /undefined|NaN/.test(line))).toEqual([]);
  });
});
