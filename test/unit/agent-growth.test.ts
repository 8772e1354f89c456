/** What looks at a file tell of what was destroyed before anybody could read it. */
import { describe, expect, test } from 'vitest';
import type { FileLook } from '../../agent/files/log-file.js';
import { Growth } from '../../agent/lineages/growth.js';

function look(size: number): FileLook {
  return { size, modifiedNs: 0n, links: 1, identity: { device: '1', inode: '1' } };
}

/** Looks one after another, with how far the file is stored at each. */
function seen(...looks: readonly [size: number, offset: number][]): [largest: number, destroyed: number] {
  const growth = new Growth(look(0), 0);
  for (const [size, offset] of looks) growth.see(look(size), offset);
  return [growth.largestSize, growth.destroyedBytes];
}

describe('a file that', () => {
  test('only grows lost nothing', () => {
    expect(seen([100, 50], [300, 300])).toEqual([300, 0]);
  });

  test('was cut off once held what it held before, not what came after', () => {
    expect(seen([100, 50], [0, 50], [700, 50])).toEqual([100, 0]);
  });

  test('was cut off again lost what was written in between, and what is there now can still be read', () => {
    expect(seen([100, 50], [0, 50], [70, 50], [0, 50], [30, 50], [10, 50], [900, 50])).toEqual([100, 100]);
  });

  test('took an unfinished line back and went on was not cut off', () => {
    expect(seen([100, 50], [60, 50], [120, 110], [500, 110])).toEqual([500, 0]);
  });
});
