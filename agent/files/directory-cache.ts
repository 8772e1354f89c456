/**
 * What was made of the contents of directories, made again only where a directory has changed: thousands of paths
 * in one directory ask at a start. A directory that cannot be read is asked again the next time.
 */
import { stat } from 'node:fs/promises';
import { isSettled } from './directory-time.js';
import { systemCode } from './system-error.js';

interface Kept<T> {
  readonly stamp: string;
  readonly content: Promise<T>;
}

export class DirectoryCache<T> {
  readonly #read: (directory: string) => Promise<T>;
  readonly #directoriesMax: number;
  readonly #kept = new Map<string, Kept<T>>();

  constructor(read: (directory: string) => Promise<T>, directoriesMax: number) {
    this.#read = read;
    this.#directoriesMax = directoriesMax;
  }

  /** Undefined where there is no such directory. Rejects where it cannot be read. */
  async of(directory: string): Promise<T | undefined> {
    const now = await stampOf(directory);
    if (now === undefined) return undefined;
    const kept = this.#kept.get(directory);
    if (kept?.stamp === now.stamp) return kept.content;
    const content = this.#read(directory);
    this.#kept.delete(directory);
    if (isSettled(now.modifiedNs)) this.#keep(directory, { stamp: now.stamp, content });
    return content;
  }

  #keep(directory: string, kept: Kept<T>): void {
    this.#kept.set(directory, kept);
    kept.content.catch(() => this.#kept.delete(directory));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#directoriesMax && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Device and inode too: the directory that a link leads to may be another one of the same time. */
async function stampOf(directory: string): Promise<{ stamp: string; modifiedNs: bigint } | undefined> {
  try {
    const { dev, ino, mtimeNs: modifiedNs } = await stat(directory, { bigint: true });
    return { stamp: [dev, ino, modifiedNs].join(':'), modifiedNs };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
