/**
 * A path and the rotated files beside it. Names may move on while they are looked at, and a file seen under two
 * names or under none would be read twice or never: what is done with a listing counts only if another one
 * afterwards is the same.
 */
import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { linkTarget } from '../files/link-target.js';
import { type FileLook, isSameFile, lookWithChange } from '../files/log-file.js';
import type { RotatedNames } from './rotated-names.js';

export interface Listed {
  readonly path: string;
  readonly look: FileLook;
  /** When its name or content changed last, in nanoseconds since 1970. */
  readonly changedNs: bigint;
}

/**
 * The path itself, if there is a file, and its rotations, compressed or not, beside it and beside what it links
 * to; a rotated file elsewhere is not found. Each file once. Undefined where a name had moved on before it was
 * looked at.
 */
export async function listSiblings(path: string, names: RotatedNames): Promise<Listed[] | undefined> {
  const target = await linkTarget(path);
  const rotated = await rotationsOf(path, names);
  const elsewhere = target === undefined ? [] : await rotationsOf(target, names);
  const listed: Listed[] = [];
  for (const entry of [path, ...rotated, ...elsewhere]) {
    const seen = await lookWithChange(entry);
    if (seen === undefined) {
      if (entry !== path && !(await exists(entry))) return undefined;
    } else if (!listed.some((other) => isSameFile(other.look.identity, seen.look.identity))) {
      listed.push({ path: entry, ...seen });
    }
  }
  return listed;
}

async function rotationsOf(path: string, names: RotatedNames): Promise<string[]> {
  const directory = dirname(path);
  return (await names.of(basename(path), directory)).map((name) => join(directory, name));
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
