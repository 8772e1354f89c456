import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LogFile, openLogFile } from '../../agent/files/log-file.js';

test('a file whose end the system does not like is closed all the same', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tailrace-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'app.log');
  writeFileSync(path, 'line\n');
  const file = await openLogFile(path);
  if (file === undefined) throw new Error('no file');
  await file.close();
  const handle = { close: () => Promise.reject(new Error('EIO: i/o error, close')) };
  const odd = new LogFile(path, file.identity, handle as unknown as FileHandle);
  await expect(odd.close()).resolves.toBeUndefined();
});
