/**
 * Whether something unread may lie beside a path at which there is no file: its program was stopped after a
 * rotation, or a rotation does not create the next file. Nothing at the path would tell. It looks at names, sizes
 * and times, and at the end of an archive, and unpacks nothing.
 */
import { lengthByTrailer } from '../archives/archives.js';
import { openSameFile } from '../files/log-file.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { absentOf, givenTime, isOfSameTime, isWorthwhile, mayHoldRestOf } from './looks.js';
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
    if (!isCompressedName(entry.path)) {
      if (isWorthwhile(entry, past, absent, ledger, ({ modifiedNs }) => modifiedNs)) return true;
      continue;
    }
    for (const known of absent) {
      if (mayHoldRestOf(known, givenTime(entry.look)) && !(await isReadByLooks(known, entry))) return true;
    }
  }
  return false;
}

/** Time and length are those of what was read; of a format that is not unpacked only the time tells. */
async function isReadByLooks(known: KnownSource, { path, look }: Listed): Promise<boolean> {
  if (!isOfSameTime(known, look)) return false;
  if (!isGzipName(path)) return true;
  const packed = await openSameFile(path, look.identity).catch(() => undefined);
  if (packed === undefined) return false;
  try {
    return (await lengthByTrailer(packed, look.size)) === known.position.offset % 2 ** 32;
  } finally {
    await packed.close();
  }
}
