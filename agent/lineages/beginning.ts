/**
 * Where a source begins of which the store has never heard, with what shows that a file is the one that was taken
 * up. It knows nothing of how far the source is read.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { FileLook, SourceFile } from '../files/log-file.js';
import { isEvidence, MarkTrail, markedTimeNs, markOfUnread, strongerMark } from '../files/mark.js';
import type { Candidate } from '../rotation/candidates.js';

/** `offset`: what lies before it is left out. */
export async function beginningAt(
  offset: number,
  { file, look, unreadMark }: Pick<Candidate, 'file' | 'look' | 'unreadMark'>,
): Promise<SourcePosition> {
  const trail = offset > 0 ? await MarkTrail.at(file, offset) : undefined;
  return { offset: trail?.offset ?? 0, mark: trail?.mark(look) ?? unreadMark };
}

/**
 * The same, told by more of a file that has grown; undefined where that tells no more. One that was empty at first may
 * have been filled, copied and truncated since, but not after it was rotated.
 */
export async function strongerBeginning(
  weaker: SourcePosition,
  file: SourceFile,
  { size, modifiedNs }: FileLook,
  isRotated: boolean,
): Promise<SourcePosition | undefined> {
  const { offset } = weaker;
  if (offset > 0) return undefined;
  if (isEvidence(weaker)) {
    // Its time stays: a copy may have been made before what came since.
    const mark = await strongerMark(file, weaker.mark, size, markedTimeNs(weaker.mark));
    return mark === undefined ? undefined : { offset, mark };
  }
  if (!isRotated || size === 0) return undefined;
  const whole = { offset, mark: await markOfUnread(file, size, modifiedNs) };
  return isEvidence(whole) ? whole : undefined;
}
