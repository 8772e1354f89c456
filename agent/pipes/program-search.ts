/** Whether a program can be started, found as the system finds it. Looks at names and rights, starts nothing. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../files/system-error.js';

/** Where the system looks without a PATH. */
const DEFAULT_PATH = '/usr/bin:/bin';

/** Why the program cannot be started; undefined where it can. `searchPath` is the PATH of whoever starts it. */
export function programProblem(program: string, searchPath = DEFAULT_PATH): string | undefined {
  const hasPlace = program.includes('/');
  const places = hasPlace ? [program] : searchPath.split(':').map((directory) => join(directory, program));
  const codes = places.map(codeOf);
  if (codes.includes(undefined)) return undefined;
  if (codes.includes('EACCES')) return 'it may not be run by this user';
  return hasPlace ? 'there is no such program' : 'there is no such program on the PATH';
}

function codeOf(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'EACCES';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return systemCode(error) ?? 'error';
  }
}
