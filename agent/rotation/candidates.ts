/**
 * Files that were opened because they may have to be read, and the order they were written in. It decides
 * neither which are opened nor which are read.
 */

import type { FileLook, SourceFile } from '../files/log-file.js';
import { markOfUnread } from '../files/mark.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import type { ArchiveSurvey } from './archive-survey.js';
import { byAge, type CountedTime, compareNames } from './counted-time.js';
import type { FilesInHand } from './files-in-hand.js';
import { compareRotationAge, isComparableAge } from './rotation-name.js';

/** A file to be read, opened. Whoever opened it closes it, until it is handed on. */
export interface Candidate {
  readonly file: SourceFile;
  readonly look: FileLook;
  /** Mark of its beginning, from before anybody could have copied and truncated it unseen. */
  readonly unreadMark: string;
  /** The source that it goes on with; undefined where it begins a new one. */
  readonly known: KnownSource | undefined;
  /** The source whose bytes it holds, of which it is a copy. It goes on with it unless that was never stored. */
  readonly original?: KnownSource;
}

export async function candidateOf(file: SourceFile, ledger: Ledger): Promise<Candidate> {
  // First: a file that is truncated meanwhile must not be unknown by its new bytes and marked by its old ones.
  const known = await ledger.recognise(file);
  const look = await file.look();
  return { file, look, unreadMark: await markOfUnread(file, look.size, look.modifiedNs), known };
}

/**
 * Some programs give an archive the time of its compression: what is packed in it was written before all that
 * is younger by name.
 */
export async function candidatesOf(
  { finds, packedAs }: Pick<ArchiveSurvey, 'finds' | 'packedAs'>,
  plain: readonly Candidate[],
  current: Candidate | undefined,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const { file, original } of finds) {
    if (current !== undefined) file.writtenBy(current.look.modifiedNs);
    for (const { file: other, look } of [...plain, ...finds]) {
      // The last name of a deleted one tells nothing any more.
      const name = packedAs.get(other) ?? (look.links > 0 ? other.path : undefined);
      if (name === undefined || !isComparableAge(file.path, name)) continue;
      if (compareRotationAge(file.path, name) < 0) file.writtenBy(look.modifiedNs);
    }
    const look = await file.look();
    const unreadMark = await markOfUnread(file, look.size, look.modifiedNs);
    candidates.push({ file, look, unreadMark, ...copyOf(original) });
  }
  return candidates;
}

/**
 * Of a source that the store has never heard of: it has nothing to go on with, and another agent may not have seen
 * it at all, so that its copy is a file like any other.
 */
export function copyOf(original: KnownSource | undefined): Pick<Candidate, 'known' | 'original'> {
  if (original === undefined) return { known: undefined };
  return { known: original.isStored ? original : undefined, original };
}

/** Whether it is a file of which nothing was known in any way. */
export function isStranger({ known, original }: Candidate): boolean {
  return known === undefined && original === undefined;
}

export function hasUnread({ known, look }: Candidate): boolean {
  return look.size > (known?.position.offset ?? 0);
}

/** The one written to last comes last. Where times do not tell, what is in hand knows more than names. */
export function candidatesByAge(
  countedNs: CountedTime,
  inHand: FilesInHand,
  { packedAs }: Partial<Pick<ArchiveSurvey, 'packedAs'>> = {},
): (a: Candidate, b: Candidate) => number {
  const aged = ({ file, look }: Candidate) => ({ file, path: packedAs?.get(file) ?? file.path, look });
  const inOrder = byAge<ReturnType<typeof aged>>(
    countedNs,
    (a, b) => inHand.compareAge(a.file, b.file) || compareNames(a, b),
  );
  return (a, b) => inOrder(aged(a), aged(b));
}

export async function closeAll(opened: readonly Pick<Candidate, 'file'>[]): Promise<void> {
  await Promise.all(opened.map(({ file }) => file.close()));
}
