/** What the operating system knows of a process: processor time and resident memory (Linux: /proc). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Linux counts processor time for /proc in hundredths of a second on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads so far, in seconds. */
export function cpuSeconds(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold anything; utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  if (process.platform === 'linux') return statusBytes(pid, 'VmRSS');
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' })) * 1024;
}

/** The most that was resident since the start, in bytes. */
export function peakResidentBytes(pid: number): number {
  return process.platform === 'linux' ? statusBytes(pid, 'VmHWM') : Number.NaN;
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kibibytes) * 1024;
}
