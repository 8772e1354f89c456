/** Under which names a file that was read is looked for beside its path. */
import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RotatedNames } from '../../agent/rotation/rotated-names.js';
import { type Listed, listSiblings } from '../../agent/rotation/sibling-listing.js';
import { temporaryDirectory } from '../support/temporary.js';

interface Scene {
  readonly directory: string;
  list(isTailed: (path: string) => boolean): Promise<readonly Listed[]>;
}

/** `app.log` has become `name`, and there is a new one. */
async function renamedTo(name: string): Promise<Scene> {
  const directory = await temporaryDirectory();
  const path = join(directory, 'app.log');
  await writeFile(path, 'old\n');
  const { dev, ino } = await stat(path, { bigint: true });
  await rename(path, join(directory, name));
  await writeFile(path, 'new\n');
  const sought = { device: `${dev}`, inode: `${ino}` };
  const names = new RotatedNames();
  return {
    directory,
    list: async (isTailed) => (await listSiblings({ path, names, sought, isTailed })) ?? [],
  };
}

test('a file is found by a name that no rotation gives', async () => {
  const { directory, list } = await renamedTo('whatever');
  const listed = await list(() => false);
  expect(listed.map(({ path, isStray = false }) => [path, isStray])).toEqual([
    [join(directory, 'app.log'), false],
    [join(directory, 'whatever'), true],
  ]);
});

test('a file that is tailed by its new name is left to whoever does that', async () => {
  const { directory, list } = await renamedTo('whatever.log');
  const listed = await list((path) => path === join(directory, 'whatever.log'));
  expect(listed.map(({ path }) => path)).toEqual([join(directory, 'app.log')]);
});

test('a file with a name of a rotation is no stray', async () => {
  const { directory, list } = await renamedTo('app.log.1');
  const listed = await list(() => false);
  expect(listed.map(({ path, isStray = false }) => [path, isStray])).toEqual([
    [join(directory, 'app.log'), false],
    [join(directory, 'app.log.1'), false],
  ]);
});
