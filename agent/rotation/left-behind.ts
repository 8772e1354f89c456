/**
 * Whether something unread may lie beside a path at which there is no file: its program was stopped after a
 * rotation, or a rotation does not create the next file. Nothing at the path would tell. It looks at names, sizes
 * and times, and opens nothing.
 */
import type { Ledger } from '../sources/ledger.js';
import { absentOf, givenTime, isOfSameTime, isWorthwhile, mayHoldRestOf } from './looks.js';
import type { RotatedNames } from './rotated-names.js';
import { isCompressedName } from './rotation-name.js';
import { type Listed, listSiblings } from './sibling-listing.js';

export interface LeftBehindOptions {
  readonly ledger: Ledger;
  readonly names: RotatedNames;
  isTailed(path: string): boolean;
}

/** Rejects where the directory cannot be read. */
export async function mayHaveRestBeside(path: string, options: LeftBehindOptions): Promise<boolean> {
  const { ledger } = options;
  const past = ledger.ofPath(path);
  const listed = await listSiblings({ ...options, path, sought: past[0]?.identity });
  if (listed === undefined) return true;
  const absent = absentOf(past, listed, ledger);
  const mayHoldRest = (entry: Listed) =>
    isCompressedName(entry.path)
      ? absent.some(
          (known) => mayHoldRestOf(known, givenTime(entry.look)) && !isOfSameTime(known, entry.look),
        )
      : isWorthwhile(entry, past, absent, ledger, ({ modifiedNs }) => modifiedNs);
  return listed.some(mayHoldRest);
}
