/** The start in time of `tailrace tail --since`. Pure: the present is passed in. */
import { z } from 'zod';
import { UsageError } from '../../shared/errors.js';

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const AGO = /^(\d{1,9})(s|m|h|d|w)$/;
const MILLISECONDS = /^\d{12,15}$/;
const rfc3339 = z.iso.datetime({ offset: true });

/**
 * Milliseconds since 1970 out of an RFC 3339 time with its zone (`2026-03-01T12:00:00Z`), milliseconds since
 * 1970 (12 digits and more, so that a forgotten unit is not taken for a time), or an age (`90s`, `10m`,
 * `2h`, `1d`, `1w`). Throws a `UsageError` for anything else.
 */
export function parseSince(text: string, nowMs: number): number {
  const [, count, unit] = AGO.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return Math.max(0, nowMs - Number(count) * (UNITS_MS[unit] ?? 0));
  }
  if (MILLISECONDS.test(text)) return Number(text);
  const time = rfc3339.safeParse(text).success ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time) && time >= 0) return time;
  throw new UsageError(
    `--since ${JSON.stringify(text)} is no time: give an age such as 10m or 2h, an RFC 3339 time such as ` +
      '2026-03-01T12:00:00Z, or milliseconds since 1970',
  );
}
