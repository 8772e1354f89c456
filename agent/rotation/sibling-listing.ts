/**
 * A path and the rotated files beside it. Names may move on while they are looked at, and a file seen under two
 * names or under none would be read twice or never: what is done with a listing counts only if another one
 * afterwards is the same.
 */
import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { linkTarget } from '../files/link-target.js';
import { type FileIdentity, type FileLook, isSameFile, lookWithChange } from '../files/log-file.js';
import { systemCode } from '../files/system-error.js';
import type { RotatedNames } from './rotated-names.js';

export interface Listed {
  readonly path: string;
  readonly look: FileLook;
  /** When its name or content changed last, in nanoseconds since 1970. */
  readonly changedNs: bigint;
  /** Its name is none that a rotation gives: it is the one that was sought, or another on the same inode. */
  readonly isStray?: true;
}

const UNREACHABLE = new Set(['ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG']);

/** By device and inode, whatever its name. */
export function isListed(identity: FileIdentity, listed: readonly Listed[]): boolean {
  return listed.some(({ look }) => isSameFile(look.identity, identity));
}

export interface ListingOptions {
  readonly path: string;
  readonly names: RotatedNames;
  /** A file that is to be found by whatever name it has beside the path. */
  readonly sought: FileIdentity | undefined;
  /** Whether a file of that name is looked after as one of its own. */
  isTailed(path: string): boolean;
}

/**
 * The path itself, if there is a file, and its rotations, compressed or not, beside it and beside what it links
 * to; a rotated file elsewhere is not found. Each file once. Undefined where a name had moved on before it was
 * looked at.
 */
export async function listSiblings(options: ListingOptions): Promise<Listed[] | undefined> {
  const { path, names, sought } = options;
  const target = await linkTarget(path);
  const rotated = await rotationsOf(path, names);
  const elsewhere = target === undefined ? [] : await rotationsOf(target, names);
  const listed: Listed[] = [];
  for (const entry of [path, ...rotated, ...elsewhere]) {
    const seen = await (entry === path ? lookWithChange(entry) : lookIfAllowed(entry));
    if (seen === undefined) {
      if (entry !== path && !(await exists(entry))) return undefined;
    } else if (!isListed(seen.look.identity, listed)) {
      listed.push({ path: entry, ...seen });
    }
  }
  if (sought === undefined || isListed(sought, listed)) return listed;
  return [...listed, ...(await strays(sought, target ?? path, options))];
}

/** At most one; none where it is gone by now: the next listing shows that. */
async function strays(
  sought: FileIdentity,
  path: string,
  { names, isTailed }: ListingOptions,
): Promise<Listed[]> {
  const directory = dirname(path);
  const found = (await names.ofFile(sought, directory)).map((name) => join(directory, name));
  // Whoever tails it by its own name goes on where it stands.
  if (found.some(isTailed)) return [];
  for (const entry of found.slice(0, 1)) {
    const seen = await lookWithChange(entry);
    if (seen !== undefined && isSameFile(seen.look.identity, sought))
      return [{ path: entry, ...seen, isStray: true }];
  }
  return [];
}

async function rotationsOf(path: string, names: RotatedNames): Promise<string[]> {
  const directory = dirname(path);
  return (await names.of(basename(path), directory)).map((name) => join(directory, name));
}

/** A link that loops, or leads where nobody may look, is no file of the path: it must not hold up those that are. */
async function lookIfAllowed(entry: string): ReturnType<typeof lookWithChange> {
  try {
    return await lookWithChange(entry);
  } catch (error) {
    if (UNREACHABLE.has(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** A directory or a pipe of that name is no sign of anything. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Whether every name still stood for the same file: then all that was done in between saw one instant. */
export function isSameListing(a: readonly Listed[], b: readonly Listed[] | undefined): boolean {
  return (
    a.length === b?.length &&
    a.every(({ path, look }, index) => {
      const other = b[index];
      return other !== undefined && other.path === path && isSameFile(other.look.identity, look.identity);
    })
  );
}
