/**
 * Compares what a client received with what was written, line by line. Pure: two lists in, the whole truth
 * about their difference out, so that a failing test says what happened and not only that it did.
 */

/** Lines of the truth that never came, next to each other; `from` inclusive, `to` exclusive. */
export interface MissingRun {
  readonly from: number;
  readonly to: number;
  readonly first: string;
  readonly last: string;
}

export interface Comparison {
  readonly written: number;
  readonly received: number;
  readonly missing: readonly MissingRun[];
  readonly missingLines: number;
  /** Lines that came more than once, in the order of their second coming. */
  readonly repeated: readonly string[];
  /** Lines that came after one that was written later. */
  readonly outOfOrder: readonly string[];
  /** Lines that nobody wrote, such as the torn end of one. */
  readonly foreign: readonly string[];
}

/** Every written line must be unique: number them. */
export function compareLines(written: readonly string[], received: readonly string[]): Comparison {
  const places = new Map(written.map((line, index) => [line, index]));
  if (places.size !== written.length) throw new Error('the written lines are not unique');
  const seen = new Uint8Array(written.length);
  const repeated: string[] = [];
  const outOfOrder: string[] = [];
  const foreign: string[] = [];
  let furthest = -1;
  for (const line of received) {
    const place = places.get(line);
    if (place === undefined) foreign.push(line);
    else if (seen[place] === 1) repeated.push(line);
    else {
      seen[place] = 1;
      if (place < furthest) outOfOrder.push(line);
      furthest = Math.max(furthest, place);
    }
  }
  const missing = missingRuns(written, seen);
  const missingLines = missing.reduce((sum, run) => sum + run.to - run.from, 0);
  const counts = { written: written.length, received: received.length, missingLines };
  return { ...counts, missing, repeated, outOfOrder, foreign };
}

function missingRuns(written: readonly string[], seen: Uint8Array): MissingRun[] {
  const runs: MissingRun[] = [];
  for (let from = 0; from < seen.length; from += 1) {
    if (seen[from] === 1) continue;
    let to = from;
    while (to < seen.length && seen[to] === 0) to += 1;
    runs.push({ from, to, first: written[from] as string, last: written[to - 1] as string });
    from = to;
  }
  return runs;
}
