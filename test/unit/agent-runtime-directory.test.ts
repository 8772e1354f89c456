import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareDirectory, publishSocket, runtimeDirectories } from '../../agent/status/runtime-directory.js';
import { temporaryDirectory } from '../support/temporary.js';

const USER = process.getuid?.() ?? 0;

test.each([
  [
    'that of the service, then of the user, then one of its own',
    { RUNTIME_DIRECTORY: '/run/tailrace', XDG_RUNTIME_DIR: '/run/user/7', TMPDIR: '/var/tmp' },
    ['/run/tailrace', '/run/user/7/tailrace', '/var/tmp/tailrace-7'],
  ],
  [
    'the first of several of the service',
    { RUNTIME_DIRECTORY: '/run/a:/run/b' },
    ['/run/a', '/tmp/tailrace-7'],
  ],
  ['one of its own where nothing is set', { XDG_RUNTIME_DIR: '', TMPDIR: '' }, ['/tmp/tailrace-7']],
])('the runtime directory is %s', (_which, env, expected) => {
  expect(runtimeDirectories(env, 7)).toEqual(expected);
});

test('a runtime directory that is not there is made for its user alone', async () => {
  const directory = join(await temporaryDirectory(), 'a', 'b');
  await prepareDirectory(directory, USER);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  await prepareDirectory(directory, USER);
});

test('a runtime directory that others may write to, that is theirs, or that is a link is not used', async () => {
  const parent = await temporaryDirectory();
  const open = join(parent, 'open');
  await mkdir(open);
  await chmod(open, 0o770);
  await expect(prepareDirectory(open, USER)).rejects.toThrow(/only this user may write/);
  await chmod(open, 0o750);
  await prepareDirectory(open, USER);
  await expect(prepareDirectory(open, USER + 1)).rejects.toThrow(/only this user may write/);
  await symlink(open, join(parent, 'link'));
  await expect(prepareDirectory(join(parent, 'link'), USER)).rejects.toThrow(/only this user may write/);
});

test('a socket whose path no system could bind is refused before it is cut short', async () => {
  const path = join(await temporaryDirectory(), `${'x'.repeat(100)}.sock`);
  await expect(publishSocket(path, async () => {})).rejects.toThrow(
    /too long for a socket: at most 103 bytes/,
  );
});
