/** Which files a sweep looks at: all, unless there are very many; then quiet ones take turns, and none is left out. */
import { expect, test } from 'vitest';
import { SweepPace } from '../../agent/lineages/sweep-pace.js';

/** For each file, at which of so many sweeps it is looked at; `quietSweeps` tells how long it was quiet before. */
function looks(files: number, sweeps: number, quietSweeps: (file: number) => number): number[][] {
  const pace = new SweepPace();
  const looked = Array.from({ length: files }, (): number[] => []);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    pace.begin(files);
    for (const [file, at] of looked.entries()) if (pace.isTurnOf(quietSweeps(file) + sweep)) at.push(sweep);
  }
  return looked;
}

test('where there are few files every sweep looks at all of them', () => {
  expect(looks(2_000, 4, () => 1_000).every((at) => at.length === 4)).toBe(true);
});

test('of very many files those that change are looked at by every sweep, and quiet ones by every third', () => {
  const looked = looks(10_000, 9, (file) => (file < 10 ? 0 : 30));
  for (const [file, at] of looked.entries()) {
    const gaps = at.slice(1).map((sweep, index) => sweep - (at[index] as number));
    expect(gaps.every((gap) => gap === (file < 10 ? 1 : 3))).toBe(true);
    expect(at[0]).toBeLessThan(file < 10 ? 1 : 3);
  }
  const bySweep = [0, 1, 2].map((sweep) => looked.filter((at) => at.includes(sweep)).length);
  expect(Math.max(...bySweep) - Math.min(...bySweep)).toBeLessThanOrEqual(1);
});
