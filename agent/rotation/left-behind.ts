/**
 * Whether something unread may lie beside a path at which there is no file: its program was stopped after a
 * rotation, or a rotation does not create the next file. Nothing at the path would tell. It looks at names, sizes
 * and times, and at the end of an archive, and unpacks nothing.
 */
import { lengthByTrailer } from '../archives/archives.js';
import { openSameFile } from '../files/log-file.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { absentOf, givenTime, isWholeBy, isWholeByTime, isWorthwhile, mayHoldRestOf } from './looks.js';
import type { RotatedNames } from './rotated-names.js';
import { isCompressedName, isGzipName } from './rotation-name.js';
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
  for (const entry of listed) {
    const mayHoldRest = isCompressedName(entry.path)
      ? await mayArchiveHoldRest(entry, absent)
      : isWorthwhile(entry, past, absent, ledger, ({ modifiedNs }) => modifiedNs);
    if (mayHoldRest) return true;
  }
  return false;
}

async function mayArchiveHoldRest({ path, look }: Listed, absent: readonly KnownSource[]): Promise<boolean> {
  const sources = absent.filter((known) => mayHoldRestOf(known, givenTime(look)));
  if (sources.some((known) => !isWholeByTime(known, look))) return true;
  // Of a format that is not unpacked only the time tells.
  if (sources.length === 0 || !isGzipName(path)) return false;
  const packed = await openSameFile(path, look.identity).catch(() => undefined);
  if (packed === undefined) return true;
  try {
    const length = await lengthByTrailer(packed, look.size);
    return sources.some((known) => !isWholeBy(known, look, length));
  } finally {
    await packed.close();
  }
}
