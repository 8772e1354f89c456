/**
 * Rotation that is faster than reading. Files that were seen at a path and not taken up, because too many rotated
 * ones were held already, are lost if they are gone when there is room again; how much they held is known as far
 * as it was seen. It reads no file.
 */
import { type FileIdentity, type FileLook, identityKey, isSameFile } from '../files/log-file.js';
import { isCompressedName } from './rotation-name.js';
import type { Listed } from './sibling-listing.js';
import type { Survey } from './survey.js';

/** Files that are remembered; what is beyond is lost as well, and not counted. */
const FILES_MAX = 4_096;

export interface Overtaken {
  readonly files: number;
  readonly bytes: number;
}

export class PassedOver {
  readonly #sizes = new Map<string, number>();
  #lastKey: string | undefined;
  #goneFiles = 0;
  #goneBytes = 0;

  /** The file at the path now. */
  see({ identity, size }: FileLook): void {
    const key = identityKey(identity);
    // Device and inode are used again at once: a file that comes to the path after another one is a new one.
    if (key !== this.#lastKey) this.#lose(key);
    this.#lastKey = key;
    if (this.#sizes.has(key) || this.#sizes.size < FILES_MAX) this.#sizes.set(key, size);
  }

  /** Those that are not there any more; the others can be read now. */
  settle(there: readonly FileIdentity[]): Overtaken {
    for (const identity of there) this.#sizes.delete(identityKey(identity));
    for (const key of [...this.#sizes.keys()]) this.#lose(key);
    return { files: this.#goneFiles, bytes: this.#goneBytes };
  }

  #lose(key: string): void {
    const size = this.#sizes.get(key);
    if (size === undefined) return;
    this.#sizes.delete(key);
    this.#goneFiles++;
    this.#goneBytes += size;
  }
}

export interface FileOnceRead {
  readonly identity: FileIdentity;
  readonly modifiedNs: bigint;
}

/** Some programs give archives the time of the file in whole seconds. */
const COMPRESSION_GRAIN_NS = 1_000_000_000n;

/**
 * Whether rotated files of which nobody knew came after one that was read and is not there any more: there may
 * have been others in between.
 */
export function isOvertaken(last: FileOnceRead, { older, listed }: Survey): boolean {
  return older.some(({ known }) => known === undefined) && !listed.some((entry) => mayBe(entry, last));
}

/** As it is, or compressed: then it has the same time, or a later one. */
function mayBe({ path, look }: Listed, { identity, modifiedNs }: FileOnceRead): boolean {
  if (isSameFile(look.identity, identity)) return true;
  return isCompressedName(path) && look.modifiedNs + COMPRESSION_GRAIN_NS >= modifiedNs;
}
