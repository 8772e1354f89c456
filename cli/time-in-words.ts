/** Durations as people say them. Pure. */

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `3 days`, `1 hour`: the largest unit that fits, rounded; the sign is left out. */
export function inWords(durationMs: number): string {
  const magnitude = Math.abs(durationMs);
  const [unit, unitMs] = UNITS.find(([, size]) => magnitude >= size) ?? ['second', 1_000];
  const count = Math.round(magnitude / unitMs);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** `2026-03-01T12:00:00.000Z (in 3 days)` or `(2 hours ago)`. */
export function momentInWords(timeMs: number, nowMs: number): string {
  const words = inWords(timeMs - nowMs);
  return `${new Date(timeMs).toISOString()} (${timeMs >= nowMs ? `in ${words}` : `${words} ago`})`;
}
