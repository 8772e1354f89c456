/**
 * A path and the rotated files beside it. Names may move on while they are looked at, and a file seen under two
 * names or under none would be read twice or never: what is done with a listing counts only if another one
 * afterwards is the same.
 */
import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FileLook, isSameFile, lookAt } from './log-file.js';
import type { RotatedNames } from './rotated-names.js';

export interface Listed {
  readonly path: string;
  readonly look: FileLook;
}

/**
 * The path itself, if there is a file, and its rotations; a rotated file elsewhere is not found. Undefined
 * where a name had moved on before it was looked at.
 */
export async function listSiblings(path: string, names: RotatedNames): Promise<Listed[] | undefined> {
  const directory = dirname(path);
  const rotated = await names.of(basename(path), directory);
  const listed: Listed[] = [];
  for (const entry of [path, ...rotated.map((name) => join(directory, name))]) {
    const look = await lookAt(entry);
    if (look !== undefined) listed.push({ path: entry, look });
    else if (entry !== path && !(await exists(entry))) return undefined;
  }
  return listed;
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
