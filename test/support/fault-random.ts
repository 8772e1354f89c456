/**
 * Seeded randomness for tests that choose their moments at random. Every test prints its seed; with
 * FAULT_SEED set to it the same choices are made again (the machine's timing is its own).
 */

export interface Random {
  readonly seed: number;
  /** 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** An integer from `low` to `high`, both inclusive. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: 32 bits of state are plenty for choosing moments. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return { seed, next, between, pick: (items) => items[between(0, items.length - 1)] as never };
}

/** The seed of FAULT_SEED, or a new one; printed so that a failure can be repeated. */
export function announcedRandom(test: string): Random {
  const given = process.env['FAULT_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  process.stdout.write(`${test}: FAULT_SEED=${seed}\n`);
  return seededRandom(seed);
}
