/** Which unread files are left alone, whatever clocks do. */
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgedFiles } from '../../agent/discovery/aged-files.js';
import { lookAt } from '../../agent/files/log-file.js';
import { agentConfig } from '../../agent/index.js';
import { temporaryDirectory } from '../support/temporary.js';

const HOUR_MS = 3_600_000;
const [rule] = agentConfig.parse({ tenant: 't', sources: [{ include: ['/'], ignore_older: '1h' }] }).sources;

class Clock {
  wall = Date.now();
  steady = 5;
  wallMs = () => this.wall;
  steadyMs = () => this.steady;
}

async function fileOfAge(hours: number): Promise<string> {
  const path = join(await temporaryDirectory(), 'app.log');
  await writeFile(path, 'line\n');
  const time = new Date(Date.now() - hours * HOUR_MS);
  await utimes(path, time, time);
  return path;
}

async function holds(files: AgedFiles, path: string): Promise<boolean> {
  const look = await lookAt(path);
  if (look === undefined || rule === undefined) throw new Error('no file');
  return files.holds({ path, rule, look });
}

test('an old file is left alone, a young one and one of the future are not', async () => {
  const files = new AgedFiles(new Clock());
  expect(await holds(files, await fileOfAge(2))).toBe(true);
  expect(await holds(files, await fileOfAge(0.5))).toBe(false);
  expect(await holds(files, await fileOfAge(-24))).toBe(false);
});

test('a file that ages while it is looked at is still begun by a clock that goes on', async () => {
  const clock = new Clock();
  const files = new AgedFiles(clock);
  const path = await fileOfAge(0.5);
  clock.wall += HOUR_MS;
  clock.steady += HOUR_MS;
  expect(await holds(files, path)).toBe(true);
});

test('a clock that is set forward makes no file old', async () => {
  const clock = new Clock();
  const files = new AgedFiles(clock);
  clock.wall += 10 * HOUR_MS;
  expect(await holds(files, await fileOfAge(0.5))).toBe(false);
});

test('a file that a wrong clock made old is begun when the clock is set right', async () => {
  const clock = new Clock();
  clock.wall += 10 * HOUR_MS;
  const files = new AgedFiles(clock);
  const path = await fileOfAge(0);
  expect(await holds(files, path)).toBe(true);
  clock.wall -= 10 * HOUR_MS;
  expect(await begun(files)).toEqual([path]);
});

test('any change begins a file, though its time stays old', async () => {
  const files = new AgedFiles(new Clock());
  const path = await fileOfAge(5);
  expect(await holds(files, path)).toBe(true);
  expect(await begun(files)).toEqual([]);
  await writeFile(path, 'line\nanother\n');
  const time = new Date(Date.now() - 5 * HOUR_MS);
  await utimes(path, time, time);
  expect(await begun(files)).toEqual([path]);
});

async function begun(files: AgedFiles): Promise<string[]> {
  const paths: string[] = [];
  await files.sweep(({ path }) => void paths.push(path));
  return paths;
}
