/**
 * Where a path leads that is a symbolic link: its file is rotated over there, as a kubelet does it with the logs
 * that /var/log/containers links to. It looks at names and opens nothing.
 */
import { readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from './system-error.js';

/** Undefined where the path is no link. Of one that dangles, as between two steps of a rotation, the next step. */
export async function linkTarget(path: string): Promise<string | undefined> {
  const next = await readlink(path).catch(unlessNoLink);
  if (next === undefined) return undefined;
  return realpath(path).catch(() => resolve(dirname(path), next));
}

/** No link, or nothing there. */
const NO_LINK: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOENT', 'ENOTDIR']);

function unlessNoLink(error: unknown): undefined {
  if (!NO_LINK.has(systemCode(error))) throw error;
}
