/**
 * Where files come that were truncated while they were in hand: behind their copies, whatever times say of a copy
 * that was made in the same instant, or compressed since. It compares beginnings, and opens nothing.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { SourceFile } from '../files/log-file.js';
import { fits } from '../files/mark.js';
import type { Candidate } from './candidates.js';
import type { FilesInHand } from './files-in-hand.js';

/** `inOrder`: oldest first. */
export async function behindCopies(
  inOrder: readonly Candidate[],
  inHand: FilesInHand,
): Promise<readonly Candidate[]> {
  let found = inOrder;
  for (const candidate of inOrder) {
    const earlier = await gone(inHand.beginningsOf(candidate.file), candidate.file);
    if (earlier.length === 0) continue;
    const place = found.indexOf(candidate);
    let lastCopy = place;
    for (const [index, { file }] of found.entries())
      if (index > place && (await fitsAny(file, earlier))) lastCopy = index;
    if (lastCopy > place) found = found.toSpliced(place, 1).toSpliced(lastCopy, 0, candidate);
  }
  return found;
}

/** Those that the file does not begin with any more. */
async function gone(beginnings: readonly SourcePosition[], file: SourceFile): Promise<SourcePosition[]> {
  const others: SourcePosition[] = [];
  for (const beginning of beginnings) if (!(await fits(file, beginning))) others.push(beginning);
  return others;
}

async function fitsAny(file: SourceFile, beginnings: readonly SourcePosition[]): Promise<boolean> {
  for (const beginning of beginnings) if (await fits(file, beginning)) return true;
  return false;
}
