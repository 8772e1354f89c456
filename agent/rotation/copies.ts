/**
 * Whose bytes a file holds that no source has by device and inode: copies are made when a log is rotated by
 * copy and truncate, when it is compressed, and by hand. It compares marks, and opens nothing.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { ByteReader } from '../files/log-file.js';
import { beganLike, fits, isEvidence } from '../files/mark.js';
import type { KnownSource } from '../sources/ledger.js';

export interface HeldFile {
  readonly file: ByteReader;
  readonly look: { readonly size: number };
}

export interface Copy {
  readonly bytes: ByteReader;
  readonly size: number;
}

/** The source whose own file is not to be had any more, and whose bytes go on in this copy. */
export async function originalOf(
  { bytes, size }: Copy,
  missing: readonly KnownSource[],
): Promise<KnownSource | undefined> {
  for (const known of missing) {
    const { position } = known;
    if (isEvidence(position) && size >= position.offset && (await fits(bytes, position))) return known;
  }
  return undefined;
}

/** Whether one of the files holds all that ends at this place, and not much more. */
export async function isPartOfAny(end: SourcePosition, files: readonly HeldFile[]): Promise<boolean> {
  for (const { file, look } of files) if (end.offset * 2 >= look.size && (await fits(file, end))) return true;
  return false;
}

/** Whether the file holds nothing but bytes that a known source had, so that reading it would repeat them. */
export async function isCopyOfAny(copy: Copy, past: readonly KnownSource[]): Promise<boolean> {
  for (const known of past) if (await isCopyOf(copy, known)) return true;
  return false;
}

async function isCopyOf({ bytes, size }: Copy, { position, checkpoints }: KnownSource): Promise<boolean> {
  // One that covers little of the file proves little: many files begin with the same line.
  const proof = [position, ...checkpoints.toReversed()].find(
    ({ offset }) => offset > 0 && offset <= size && offset * 2 >= size,
  );
  if (proof !== undefined) return fits(bytes, proof);
  return position.offset > size && beganLike(bytes, size, position);
}
