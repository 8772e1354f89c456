/** Whether this host lets an agent watch files. */
import { readFileSync } from 'node:fs';
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
