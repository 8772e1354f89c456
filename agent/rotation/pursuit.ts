/**
 * How far the files of a path are known one after another, with none in between: from the one that was read last,
 * over those that listings showed beside the one before. Pure.
 */
import { type FileIdentity, type FileLook, isSameFile } from '../files/log-file.js';
import { isCompressedName } from './rotation-name.js';
import type { Listed } from './sibling-listing.js';

export type FileOnceSeen = Pick<FileLook, 'identity' | 'modifiedNs'>;

/** Some programs give archives the time of the file in whole seconds. */
const COMPRESSION_GRAIN_NS = 1_000_000_000n;

export class Pursuit {
  #last: FileOnceSeen;

  constructor({ identity, modifiedNs }: FileOnceSeen) {
    this.#last = { identity, modifiedNs };
  }

  /** `isHeld`: device and inode of a file that nobody holds open may be another's at the next look. */
  see(path: string, listed: readonly Listed[], isHeld: (identity: FileIdentity) => boolean): void {
    const newest = listed.find((entry) => entry.path === path)?.look;
    if (newest !== undefined && isHeld(newest.identity) && !this.hasLost(listed)) this.#last = newest;
  }

  isLast(identity: FileIdentity): boolean {
    return isSameFile(identity, this.#last.identity);
  }

  /** Whether there may have been others between the last one that is known and those that are there. */
  hasLost(listed: readonly Listed[]): boolean {
    return !listed.some((entry) => mayBe(entry, this.#last));
  }
}

/** As it is, or compressed: then it has the same time, or a later one. */
function mayBe({ path, look }: Listed, { identity, modifiedNs }: FileOnceSeen): boolean {
  if (isSameFile(look.identity, identity)) return true;
  return isCompressedName(path) && look.modifiedNs + COMPRESSION_GRAIN_NS >= modifiedNs;
}
