/** What comes into a directory is found, however coarse the clock of its file system is. */
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Discovery } from '../../agent/discovery/discovery.js';
import { agentConfig } from '../../agent/index.js';
import { RotatedNames } from '../../agent/rotation/rotated-names.js';
import { temporaryDirectory } from '../support/temporary.js';

/** A whole second: what a file system without fractions shows for two of them. */
const TICK = new Date('2026-11-23T10:00:00Z');
/** A time with a fraction, of a file system that counts finer. */
const FINE = new Date('2026-11-23T10:00:00.250Z');

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

function nowIs(time: Date, laterMs: number): void {
  vi.setSystemTime(time.getTime() + laterMs);
}

/** Adds a file, after which the directory still has the time that it had. */
async function addWithin(time: Date, directory: string, name: string): Promise<void> {
  await writeFile(join(directory, name), 'line\n');
  await utimes(directory, time, time);
}

function discoveryOf(directory: string): { readonly found: Set<string>; readonly discovery: Discovery } {
  const found = new Set<string>();
  const settings = agentConfig.parse({ tenant: 't', sources: [{ include: [join(directory, '*.log')] }] });
  const nothing = () => {};
  const discovery = new Discovery(settings.sources, [], {
    onFile: ({ path }) => void found.add(path),
    ...{
      onDirectory: nothing,
      onDirectoryGone: nothing,
      onMissing: nothing,
      onRotatedAway: nothing,
      onCompressed: nothing,
    },
    ...{ onUnreadable: nothing, onReadable: nothing, isKnown: () => false },
  });
  return { found, discovery };
}

test('a file that comes in the same tick of a coarse clock as the last look is found', async () => {
  const directory = await temporaryDirectory();
  const { found, discovery } = discoveryOf(directory);
  await addWithin(TICK, directory, 'a.log');
  nowIs(TICK, 900);
  discovery.scan();
  await addWithin(TICK, directory, 'b.log');
  nowIs(TICK, 1_900);
  discovery.scan();
  expect([...found].sort()).toEqual([join(directory, 'a.log'), join(directory, 'b.log')]);
});

test('a rotated file that comes in the same tick of a coarse clock as the last look is found', async () => {
  const directory = await temporaryDirectory();
  const names = new RotatedNames();
  await addWithin(TICK, directory, 'app.log.1');
  nowIs(TICK, 900);
  expect(await names.of('app.log', directory)).toEqual(['app.log.1']);
  await addWithin(TICK, directory, 'app.log.2');
  nowIs(TICK, 1_900);
  expect(await names.of('app.log', directory)).toEqual(['app.log.1', 'app.log.2']);
});

test('control: where the tick is over, or the clock counts finer, a directory of the same time is not read again', async () => {
  for (const [time, laterMs] of [
    [TICK, 2_200],
    [FINE, 200],
  ] as const) {
    const directory = await temporaryDirectory();
    const { found, discovery } = discoveryOf(directory);
    await addWithin(time, directory, 'a.log');
    nowIs(time, laterMs);
    discovery.scan();
    await addWithin(time, directory, 'b.log');
    discovery.scan();
    expect([...found]).toEqual([join(directory, 'a.log')]);
  }
});

test('another directory under the same name and of the same time is looked into', async () => {
  const above = await temporaryDirectory();
  const directory = join(above, 'logs');
  const names = new RotatedNames();
  await mkdir(directory);
  await addWithin(FINE, directory, 'app.log.1');
  nowIs(FINE, 5_000);
  expect(await names.of('app.log', directory)).toEqual(['app.log.1']);
  await rename(directory, join(above, 'old'));
  await mkdir(directory);
  await addWithin(FINE, directory, 'app.log.2');
  expect(await names.of('app.log', directory)).toEqual(['app.log.2']);
});
