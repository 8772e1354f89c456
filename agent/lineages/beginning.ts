/**
 * Where a source begins of which the store has never heard, with what shows that a file is the one that was taken
 * up. It knows nothing of how far the source is read.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { FileLook, SourceFile } from '../files/log-file.js';
import { isEvidence, MarkTrail, strongerMark } from '../files/mark.js';
import type { Candidate } from '../rotation/candidates.js';

/** `offset`: what lies before it is left out. */
export async function beginningAt(
  offset: number,
  { file, look, unreadMark }: Pick<Candidate, 'file' | 'look' | 'unreadMark'>,
): Promise<SourcePosition> {
  const trail = offset > 0 ? await MarkTrail.at(file, offset) : undefined;
  return { offset: trail?.offset ?? 0, mark: trail?.mark(look.modifiedNs) ?? unreadMark };
}

/** The same, told by more of a file that has grown; undefined where that tells no more. */
export async function strongerBeginning(
  { offset, mark: weaker }: SourcePosition,
  file: SourceFile,
  { size, modifiedNs }: FileLook,
): Promise<SourcePosition | undefined> {
  if (offset > 0 || !isEvidence({ offset, mark: weaker })) return undefined;
  const mark = await strongerMark(file, weaker, size, modifiedNs);
  return mark === undefined ? undefined : { offset, mark };
}
