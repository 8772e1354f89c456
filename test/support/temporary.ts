/** Temporary directories that go when the test that asked for them ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tailrace-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
