/** Root may read everything, whatever the modes of files say. */
import { chown } from 'node:fs/promises';
import { onTestFinished } from 'vitest';

const NOBODY = 65_534;

/** For the rest of the test the process has no more rights than the owner of these paths. */
export async function withoutPrivileges(paths: readonly string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  for (const path of paths) await chown(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}
