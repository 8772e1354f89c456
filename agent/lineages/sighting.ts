/**
 * What a path showed when it was found, which may be long before its first turn: the store was away, or thousands
 * of others came first. The file that was seen then is read although it was rotated meanwhile, and only what was
 * in that one file is left out where old lines are not wanted. It looks at nothing itself.
 */
import type { Presentation } from '../config/presentation.js';
import { type FileLook, isSameFile, isSameLook } from '../files/log-file.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';

export interface Sighting {
  readonly look: FileLook;
  /** Bytes of the file that are left out, if nobody has read anything of the path before. */
  readonly skipBytes: number;
  /** Whether it was found before any file could be begun. */
  readonly hasWaited: boolean;
}

export interface SightedPath extends Pick<Presentation, 'channel' | 'labels'> {
  readonly path: string;
}

export class FirstSight {
  readonly #look: FileLook;
  readonly #hasWaited: boolean;
  #skipBytes: number;
  #isCompared = false;

  constructor({ look, skipBytes, hasWaited }: Sighting) {
    this.#look = look;
    this.#hasWaited = hasWaited;
    this.#skipBytes = skipBytes;
  }

  /**
   * At the first turn: where the path shows another file by now, or one that may have been copied and truncated,
   * the one that was seen becomes a known source of which nothing is stored. So what was rotated since is looked
   * for, and what was rotated before is not.
   */
  compare(now: FileLook | undefined, { path, channel, labels }: SightedPath, ledger: Ledger): void {
    if (this.#isCompared) return;
    this.#isCompared = true;
    const { identity, modifiedNs } = this.#look;
    if (ledger.hasPath(path)) this.#skipBytes = 0;
    else if (!this.#isUntouched(now) && ledger.ofIdentity(identity).length === 0)
      ledger.admit({ channel, labels, path, identity, generation: 1 }).modifiedNs = modifiedNs;
  }

  /** How much of a file was there when the path was found, and is left out. */
  skippedBytes(look: FileLook, known: KnownSource | undefined): number {
    return known?.isStored !== true && this.#isOf(look) ? this.#skipBytes : 0;
  }

  /** Of a copy it cannot be told what is to be left out. */
  #isUntouched(now: FileLook | undefined): boolean {
    if (now === undefined || !isSameFile(now.identity, this.#look.identity)) return false;
    return this.#skipBytes > 0 || (this.#hasWaited ? isSameLook(now, this.#look) : this.#isOf(now));
  }

  #isOf(look: FileLook | undefined): boolean {
    return (
      look !== undefined && isSameFile(look.identity, this.#look.identity) && look.size >= this.#look.size
    );
  }
}
