/**
 * The names of rotated files in directories, by the name they were rotated from. A directory is read again
 * only when its time has changed: thousands of lineages in one directory ask for theirs at a start.
 */
import { readdir, stat } from 'node:fs/promises';
import { systemCode } from '../files/system-error.js';
import { basesOf } from './rotation-name.js';

/** A directory that changed so shortly before it was read may change again under the same time stamp. */
const TIME_GRAIN_MS = 100;

const DIRECTORIES_MAX = 64;

interface Index {
  readonly modifiedNs: bigint;
  readonly byBase: ReadonlyMap<string, readonly string[]>;
}

export class RotatedNames {
  readonly #indexes = new Map<string, Promise<Index | undefined>>();

  /** Sorted; compressed files too. Rejects where the directory cannot be read. */
  async of(base: string, directory: string): Promise<readonly string[]> {
    const modifiedNs = await modifiedNsOf(directory);
    if (modifiedNs === undefined) return [];
    const cached = await this.#indexes.get(directory);
    const index = cached?.modifiedNs === modifiedNs ? cached : await this.#read(directory, modifiedNs);
    return index?.byBase.get(base) ?? [];
  }

  #read(directory: string, modifiedNs: bigint): Promise<Index | undefined> {
    const index = indexOf(directory, modifiedNs);
    const isSettled = Date.now() - Number(modifiedNs / 1_000_000n) > TIME_GRAIN_MS;
    this.#indexes.delete(directory);
    if (isSettled) this.#keep(directory, index);
    return index;
  }

  #keep(directory: string, index: Promise<Index | undefined>): void {
    this.#indexes.set(
      directory,
      index.catch(() => undefined),
    );
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > DIRECTORIES_MAX && oldest !== undefined) this.#indexes.delete(oldest);
  }
}

async function modifiedNsOf(directory: string): Promise<bigint | undefined> {
  try {
    return (await stat(directory, { bigint: true })).mtimeNs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function indexOf(directory: string, modifiedNs: bigint): Promise<Index> {
  const byBase = new Map<string, string[]>();
  for (const name of (await readdir(directory)).sort()) {
    for (const base of basesOf(name)) byBase.set(base, [...(byBase.get(base) ?? []), name]);
  }
  return { modifiedNs, byBase };
}
