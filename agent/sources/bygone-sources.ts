/**
 * Which sources the store may forget: their files are gone, and so are the archives that were made of them. As
 * long as one of these is there, the source is what says that it was read. It looks at directories, each once,
 * and opens nothing.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FileLook, identityKey, LOOKS_PER_SLICE, lookAt } from '../files/log-file.js';
import { systemCode } from '../files/system-error.js';
import { givenTime, mayHoldRestOf } from '../rotation/looks.js';
import { basesOf, isCompressedName } from '../rotation/rotation-name.js';
import type { KnownSource, Ledger } from './ledger.js';

export async function bygoneSources(ledger: Ledger, live: ReadonlySet<KnownSource>): Promise<KnownSource[]> {
  const directories = new Map<string, Directory | undefined>();
  const gone = new Map<string, KnownSource[]>();
  for (const known of ledger.all()) {
    const path = dirname(known.path);
    if (!directories.has(path)) directories.set(path, await readDirectory(path));
    if (live.has(known) || !isGone(known, ledger, directories.get(path))) continue;
    gone.set(known.path, [...(gone.get(known.path) ?? []), known]);
  }
  return [...gone].flatMap(([path, sources]) => {
    const archives = directories.get(dirname(path))?.archives.get(basename(path)) ?? [];
    return withoutArchived(sources, archives);
  });
}

/**
 * Whether no file in the directory has the source's device and inode, or the file became a later source. Of one that
 * was never read that is not enough: another agent may not have heard of it, and would store the later one again
 * under its number.
 */
function isGone(known: KnownSource, ledger: Ledger, directory: Directory | undefined): boolean {
  const { identity, generation, position } = known;
  if (identity.inode === '' || directory === undefined) return false;
  if (position.offset > 0 && ledger.ofIdentity(identity)[0]?.generation !== generation) return true;
  return !directory.identities.has(identityKey(identity));
}

/**
 * An archive may be of any source that was written to before it was. The newest sources are kept, as many as
 * there are archives for them: one that is older than all of these has lost its archive too.
 */
function withoutArchived(gone: readonly KnownSource[], archives: readonly FileLook[]): KnownSource[] {
  const newestFirst = gone.toSorted((a, b) => Number(b.modifiedNs - a.modifiedNs));
  return newestFirst.filter(
    (known, index) => archives.filter((look) => mayHoldRestOf(known, look)).length <= index,
  );
}

interface Directory {
  readonly identities: ReadonlySet<string>;
  /** Compressed files by each name that they may be rotations of. */
  readonly archives: ReadonlyMap<string, readonly FileLook[]>;
}

/** Undefined where it cannot be told what is in it. */
async function readDirectory(path: string): Promise<Directory | undefined> {
  const identities = new Set<string>();
  const archives = new Map<string, FileLook[]>();
  try {
    for (const [index, name] of (await namesIn(path)).entries()) {
      if (index % LOOKS_PER_SLICE === 0) await nextTurn();
      const look = await lookAt(join(path, name));
      if (look === undefined) continue;
      identities.add(identityKey(look.identity));
      if (!isCompressedName(name)) continue;
      for (const base of basesOf(name)) archives.set(base, [...(archives.get(base) ?? []), givenTime(look)]);
    }
  } catch {
    return undefined;
  }
  return { identities, archives };
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
