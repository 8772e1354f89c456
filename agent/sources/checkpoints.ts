/**
 * Earlier places of a source, remembered to recognise an incomplete copy of it. A copy is recognised by a place
 * that covers half of it at least, so of places that lie closer together than that one is enough: copies of any
 * size are covered, and thousands of files that rest take little memory. Pure.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';

/** Beyond that the earliest goes: a copy that small is told by its beginning. */
const CHECKPOINTS_MAX = 16;

/** Oldest first. */
export type Checkpoints = readonly SourcePosition[];

export const NO_CHECKPOINTS: Checkpoints = [];

/** With the place that the source has reached now. */
export function withCheckpoint(earlier: Checkpoints, latest: SourcePosition): Checkpoints {
  // Every file begins so.
  if (latest.offset === 0) return earlier;
  const [before, last] = [earlier.at(-2), earlier.at(-1)];
  const isLastNeedless =
    before !== undefined &&
    last !== undefined &&
    latest.offset >= last.offset &&
    latest.offset <= before.offset * 2;
  // Not put together by spreading, which takes room for seventeen.
  return (isLastNeedless ? earlier.slice(0, -1) : earlier.slice(1 - CHECKPOINTS_MAX)).concat(latest);
}
