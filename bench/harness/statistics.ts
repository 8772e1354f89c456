/** Figures out of runs. Pure. */

/** The middle of the sorted values, the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const high = sorted[upper] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[upper - 1] ?? Number.NaN)) / 2;
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. */
export function percentile(values: Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Run by run, since neighbours on the machine disturb both sides of one run alike. */
export function medianRatio(values: readonly number[], yardstick: readonly number[]): number {
  if (values.length !== yardstick.length) return median(values) / median(yardstick);
  return median(values.map((value, index) => value / (yardstick[index] as number)));
}
