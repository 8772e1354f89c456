/**
 * Rotation that is faster than reading. Files that were seen at a path and not taken up, because too many rotated
 * ones were held already, are lost if they are gone when there is room again; how much they held is known as far
 * as it was seen. It reads no file.
 */
import { type FileIdentity, type FileLook, identityKey } from '../files/log-file.js';

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
