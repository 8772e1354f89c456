/** Whether this host lets an agent watch and read files. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from './finding.js';

/** Below these, a directory tree of some size cannot be watched and changes are found by the slow sweep. */
const INOTIFY_MIN = { max_user_watches: 65_536, max_user_instances: 128, max_queued_events: 16_384 } as const;
const INOTIFY_DIRECTORY = '/proc/sys/fs/inotify';

export function checkInotify(directory = INOTIFY_DIRECTORY): Finding[] {
  return Object.entries(INOTIFY_MIN).flatMap(([name, least]) => {
    const limit = readLimit(`${directory}/${name}`);
    return limit === undefined ? [] : [judgeLimit(name, limit, least)];
  });
}

export function checkFiles(files: readonly string[]): Finding[] {
  if (files.length > 0) return files.map(checkFile);
  return [{ level: 'skip', subject: 'files', text: 'name files or globs to check that they can be read' }];
}

/** Undefined on systems other than Linux. */
function readLimit(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function judgeLimit(name: string, limit: number, least: number): Finding {
  const subject = 'inotify';
  if (limit >= least) return { level: 'ok', subject, text: `${name} ${limit}` };
  return {
    level: 'warn',
    subject,
    text: `${name} is ${limit}: with many files set fs.inotify.${name}=${least} in /etc/sysctl.d, else changes are noticed later`,
  };
}

function checkFile(path: string): Finding {
  const target = fixedPart(path);
  try {
    const isDirectory = statSync(target).isDirectory();
    accessSync(target, isDirectory ? constants.R_OK | constants.X_OK : constants.R_OK);
    return { level: 'ok', subject: 'files', text: `${target} can be read` };
  } catch (error) {
    return { level: 'fail', subject: 'files', text: `${target} ${whyNot(error)}` };
  }
}

/** A glob names files that may come; what must be there is the directory before its first wildcard. */
function fixedPart(path: string): string {
  const wildcard = path.search(/[*?[{]/);
  return wildcard === -1 ? path : dirname(`${path.slice(0, wildcard)}x`);
}

function whyNot(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist: correct the path, or start what writes it';
  if (code === 'EACCES')
    return 'may not be read by this user: run the agent in its group (often adm), or use setfacl';
  return `cannot be read (${code ?? String(error)})`;
}
