/**
 * The names of rotated files in directories: by the name they were rotated from, and, for a file that was given
 * a name that no rotation gives, by device and inode.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DirectoryCache } from '../files/directory-cache.js';
import { type FileIdentity, identityKey, LOOKS_PER_SLICE, lookAt } from '../files/log-file.js';
import { basesOf } from './rotation-name.js';

const DIRECTORIES_MAX = 64;

/** Of directories in which a file was looked for by device and inode: that is rare, and asks for more room. */
const SEARCHED_MAX = 4;

type Names = ReadonlyMap<string, readonly string[]>;

export class RotatedNames {
  readonly #byBase = new DirectoryCache<Names>(namesByBase, DIRECTORIES_MAX);
  readonly #byIdentity = new DirectoryCache<Names>(namesByIdentity, SEARCHED_MAX);

  /** Sorted; compressed files too. Rejects where the directory cannot be read. */
  async of(base: string, directory: string): Promise<readonly string[]> {
    return (await this.#byBase.of(directory))?.get(base) ?? [];
  }

  /** All names that a file has in the directory, sorted. Rejects where the directory cannot be read. */
  async ofFile(identity: FileIdentity, directory: string): Promise<readonly string[]> {
    return (await this.#byIdentity.of(directory))?.get(identityKey(identity)) ?? [];
  }
}

async function namesByBase(directory: string): Promise<Names> {
  const byBase = new Map<string, string[]>();
  for (const name of (await readdir(directory)).sort()) {
    for (const base of basesOf(name)) byBase.set(base, [...(byBase.get(base) ?? []), name]);
  }
  return byBase;
}

async function namesByIdentity(directory: string): Promise<Names> {
  const byIdentity = new Map<string, string[]>();
  for (const [index, name] of (await readdir(directory)).sort().entries()) {
    if (index % LOOKS_PER_SLICE === 0) await nextTurn();
    const look = await lookAt(join(directory, name)).catch(() => undefined);
    if (look === undefined) continue;
    const key = identityKey(look.identity);
    byIdentity.set(key, [...(byIdentity.get(key) ?? []), name]);
  }
  return byIdentity;
}
