/**
 * What times and sizes alone tell of rotated files: years of them must not be opened at every rotation. Pure.
 * `past` is what was read under a path, the source written to last first.
 */

import { type FileLook, isSameFile } from '../files/log-file.js';
import { isEvidence, MARK_GRAIN_NS, markedTimeNs, wasShort } from '../files/mark.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import type { CountedTime } from './counted-time.js';
import { isCompressedName } from './rotation-name.js';
import type { Listed } from './sibling-listing.js';

/** A time that is a multiple of the first may have lost up to the second. */
const CUTS_NS = [
  { graspNs: 1_000_000_000n, lostNs: 2_000_000_000n },
  { graspNs: 1_000n, lostNs: 1_000_000n },
];

/** How far back it is looked for a file that was away and has come back. */
const ABSENT_MAX = 16;

/** Whether an uncompressed file may hold something unread. `absent`: sources whose own files are gone. */
export function isWorthwhile(
  { path, look }: Listed,
  past: readonly KnownSource[],
  absent: readonly KnownSource[],
  ledger: Ledger,
  countedNs: CountedTime,
): boolean {
  if (isCompressedName(path)) return false;
  const [known] = ledger.ofIdentity(look.identity);
  if (known !== undefined) return isNewer(look, known);
  if (look.size === 0) return false;
  return isAfterAll(countedNs(look), past) || absent.some((source) => mayHoldRestOf(source, look));
}

/** Whether it was written to after all that was read. */
export function isAfterAll(modifiedNs: bigint, [newest]: readonly KnownSource[]): boolean {
  return newest !== undefined && modifiedNs >= newest.modifiedNs;
}

/** The sources read last of those whose files are not listed, or became others. */
export function absentOf(
  past: readonly KnownSource[],
  listed: readonly Listed[],
  ledger: Ledger,
): KnownSource[] {
  const isThere = (known: KnownSource) =>
    ledger.ofIdentity(known.identity)[0] === known &&
    // An archive may have the inode by now that its own plain file, or another one, had.
    listed.some(({ path, look }) => !isCompressedName(path) && isSameFile(look.identity, known.identity));
  return past.slice(0, ABSENT_MAX).filter((known) => !isThere(known));
}

/** Sources whose files are there and read to the end. */
export function wholesOf(listed: readonly Listed[], ledger: Ledger): KnownSource[] {
  return listed
    .filter(({ path }) => !isCompressedName(path))
    .flatMap(({ look }) => {
      const [known] = ledger.ofIdentity(look.identity);
      return known === undefined || isNewer(look, known) ? [] : [known];
    });
}

function isNewer(look: FileLook, { position, modifiedNs }: KnownSource): boolean {
  const laterNs = look.modifiedNs - modifiedNs;
  // An earlier time is another time too: the clock may have been set back.
  return look.size !== position.offset || laterNs >= MARK_GRAIN_NS || laterNs < 0n;
}

/** Whether, by its time, a file may hold what came after the position of a source whose own file is gone. */
export function mayHoldRestOf(known: KnownSource, look: FileLook): boolean {
  return isEvidence(known.position) && writtenMs(known) <= wholeMs(look);
}

/** Whether both were written to last at the same time: then nothing came after what was read. */
export function isOfSameTime(known: KnownSource, look: FileLook): boolean {
  const writtenAtMs = writtenMs(known);
  return wholeMs(look) <= writtenAtMs && writtenAtMs <= wholeMs(givenTime(look));
}

/** Whether, by times alone, nothing is left of a file whose length cannot be told. */
export function isWholeByTime(known: KnownSource, look: FileLook): boolean {
  return isOfSameTime(known, look) && !wasShort(known.position);
}

/** Whether, by times and length, nothing is left of a file. `length` is modulo 2^32. */
export function isWholeBy(known: KnownSource, look: FileLook, length: number | undefined): boolean {
  return isOfSameTime(known, look) && known.position.offset % 2 ** 32 === length;
}

/**
 * A look with the latest time that the file's own may stand for, where a program gave it: times are handed on in
 * nanoseconds, but also cut to what a number of milliseconds or a directory of an archive has room for.
 */
export function givenTime(look: FileLook): FileLook {
  const cut = CUTS_NS.find(({ graspNs }) => look.modifiedNs % graspNs === 0n);
  return cut === undefined ? look : { ...look, modifiedNs: look.modifiedNs + cut.lostNs };
}

function writtenMs({ modifiedNs, position }: KnownSource): bigint {
  const marked = markedTimeNs(position.mark);
  return (marked > modifiedNs ? marked : modifiedNs) / MARK_GRAIN_NS;
}

function wholeMs({ modifiedNs }: FileLook): bigint {
  return modifiedNs / MARK_GRAIN_NS;
}
