/**
 * How long to wait before another attempt: exponential, capped, with full jitter (a uniform draw between 0
 * and the cap of the attempt), so that many clients do not come back together. Pure: randomness is passed in.
 */

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** `attempt` counts from 0; `random` returns 0 (inclusive) to 1 (exclusive). */
export function backoffDelay(
  attempt: number,
  { baseMs, capMs }: Backoff,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.floor(random() * ceiling);
}
