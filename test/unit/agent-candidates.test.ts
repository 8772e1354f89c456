/** A file that may have to be read is judged by bytes of one time, also where it is truncated meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from '../../agent/files/log-file.js';
import { fits } from '../../agent/files/mark.js';
import { candidateOf } from '../../agent/rotation/candidates.js';
import type { Ledger } from '../../agent/sources/ledger.js';
import { temporaryDirectory } from '../support/temporary.js';

test('a file that is truncated while it is compared with what is known is not marked by its old bytes', async () => {
  const path = join(await temporaryDirectory(), 'app.log');
  await writeFile(path, 'old line 1\nold line 2\n');
  const file = await openLogFile(path);
  if (file === undefined) return expect.fail('no file');
  const recognise = async () => {
    await writeFile(path, 'new line 1\n');
    return undefined;
  };
  const { unreadMark: mark, look } = await candidateOf(file, { recognise } as unknown as Ledger);
  expect(look.size).toBe('new line 1\n'.length);
  expect(await fits(file, { offset: 0, mark })).toBe(true);
  await file.close();
});
