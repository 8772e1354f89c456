/**
 * When rotated files count as written to last. Their own times tell, unless a clock was set back or a time was
 * given by hand: then a file that has its name since a later rotation than one that was read counts as written
 * after that one. Pure.
 */
import { type FileLook, identityKey } from '../files/log-file.js';
import { compareRotationAge, isComparableAge, isDatedName, isLaterDate } from './rotation-name.js';
import type { Listed } from './sibling-listing.js';

/**
 * A rotation renames all its files within this time. It tells `.1` as the newest, where each rotation renames
 * all files, from `.1` as the oldest, where each file keeps its number.
 */
const ROTATION_NS = 60_000_000_000n;

/** A time of the last write that counts, of a file and not of a name: one that has none may hold on to another's. */
export type CountedTime = (look: Pick<FileLook, 'identity' | 'modifiedNs'>) => bigint;

interface AgedFile {
  readonly path: string;
  readonly look: Pick<FileLook, 'identity' | 'modifiedNs'>;
}

/** `readNs`: the time that a file had when an agent read it last; undefined of one that none has read. */
export function countedTimes(
  rotated: readonly Listed[],
  readNs: (entry: Listed) => bigint | undefined,
): CountedTime {
  const later = new Map<string, bigint>();
  let before: Listed | undefined;
  let atLeastNs: bigint | undefined;
  for (const entry of rotated.toSorted((a, b) => compareRotationAge(a.path, b.path))) {
    if (before !== undefined && !isShownYounger(entry, before)) atLeastNs = undefined;
    const { identity, modifiedNs } = entry.look;
    if (atLeastNs !== undefined && atLeastNs > modifiedNs) later.set(identityKey(identity), atLeastNs);
    const ownNs = readNs(entry);
    if (atLeastNs !== undefined || ownNs !== undefined)
      atLeastNs = bigger(bigger(atLeastNs, modifiedNs), ownNs ?? 0n);
    before = entry;
  }
  return ({ identity, modifiedNs }) => later.get(identityKey(identity)) ?? modifiedNs;
}

/** The one written to last comes last. `compareEqual` tells where times do not. */
export function byAge<T extends AgedFile>(
  countedNs: CountedTime,
  compareEqual: (a: T, b: T) => number = compareNames,
): (a: T, b: T) => number {
  return (a, b) => {
    const [aNs, bNs] = [countedNs(a.look), countedNs(b.look)];
    return aNs === bNs ? compareEqual(a, b) : aNs < bNs ? -1 : 1;
  };
}

export function compareNames(a: AgedFile, b: AgedFile): number {
  return compareRotationAge(a.path, b.path);
}

/** Of two that are in order, one that is. */
export function merged<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): T[] {
  const all: T[] = [];
  let next = 0;
  for (const younger of b) {
    for (let older = a[next]; older !== undefined && compare(older, younger) <= 0; older = a[++next])
      all.push(older);
    all.push(younger);
  }
  return [...all, ...a.slice(next)];
}

/** Later dates are younger; a lower count is if the younger file was renamed after the older one, at once. */
function isShownYounger(entry: Listed, before: Listed): boolean {
  if (!isComparableAge(entry.path, before.path)) return false;
  if (isDatedName(entry.path)) return isLaterDate(entry.path, before.path);
  const laterNs = entry.changedNs - before.changedNs;
  return laterNs >= 0n && laterNs <= ROTATION_NS;
}

function bigger(a: bigint | undefined, b: bigint): bigint {
  return a !== undefined && a > b ? a : b;
}
