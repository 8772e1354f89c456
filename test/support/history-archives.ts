/** How rotated files become archives and back: by gzip itself, and as programs do it that compress for themselves. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync, unlinkSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from './fault-random.js';

const run = promisify(execFile);

const GZIP_SHARE = 0.05;

/** Times given as numbers of milliseconds are so exact. */
const TIME_GRAIN_MS = 0.01;

/** `path` becomes `path.gz`, which has the file's time, that time cut to milliseconds, or its own. */
export async function packFile(path: string, modifiedMs: number, random: Random): Promise<void> {
  if (random.next() < GZIP_SHARE) return void (await run('gzip', [path]));
  const archive = `${path}.gz`;
  const packed = gzipSync(readFileSync(path));
  await writeFile(archive, packed.subarray(0, packed.length / 2));
  await nextTurn();
  await writeFile(archive, packed.subarray(packed.length / 2), { flag: 'a' });
  const kept = random.pick(['none', 'milliseconds', 'all']);
  if (kept !== 'none') await setTime(archive, kept === 'all' ? modifiedMs : Math.floor(modifiedMs));
  unlinkSync(path);
}

/** As `gunzip` does it: the file has the archive's time. Left undone, and false, where that is not its own. */
export async function unpackFile(path: string, modifiedMs: number): Promise<boolean> {
  const archive = `${path}.gz`;
  if (Math.abs(statSync(archive).mtimeMs - modifiedMs) > TIME_GRAIN_MS) return false;
  await writeFile(path, gunzipSync(readFileSync(archive)));
  await setTime(path, modifiedMs);
  unlinkSync(archive);
  return true;
}

async function setTime(path: string, timeMs: number): Promise<void> {
  await utimes(path, timeMs / 1000, timeMs / 1000);
}
