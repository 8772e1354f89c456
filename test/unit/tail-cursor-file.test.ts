/** The cursor file: read strictly, replaced as a whole. On a real file system. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CursorFile, readCursorFile } from '../../client/tail/cursor-file.js';
import { UsageError } from '../../shared/errors.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

const CURSORS = new Map([
  ['web/b', '1.e.5-0.7'],
  ['web/a', '1.e.4-0.3'],
]);

describe('reading', () => {
  test('a file that does not exist yet gives nothing', async () => {
    expect(await readCursorFile(join(await temporaryDirectory(), 'none'))).toEqual(new Map());
  });

  test.each(['', 'x', '[]', '{"web/a": 1}', '{"web/a": "x"}', '{"web//a": "1.e.5-0.7"}'])(
    'a file with %j is refused, and not touched',
    async (text) => {
      const path = join(await temporaryDirectory(), 'cursors');
      await writeFile(path, text);
      await expect(readCursorFile(path)).rejects.toThrow(UsageError);
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );

  test('a directory is refused', async () => {
    await expect(readCursorFile(await temporaryDirectory())).rejects.toThrow(/--cursor-file cannot be read/);
  });
});

describe('writing', () => {
  test('gives what is read again, and leaves nothing else behind', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'cursors');
    await new CursorFile(path, () => CURSORS, unexpected).close();
    expect(await readCursorFile(path)).toEqual(CURSORS);
    expect(await readFile(path, 'utf8')).toBe('{\n  "web/a": "1.e.4-0.3",\n  "web/b": "1.e.5-0.7"\n}\n');
    expect(await readdir(directory)).toEqual(['cursors']);
  });

  test('happens by itself after a touch, with the cursors of that moment', async () => {
    const path = join(await temporaryDirectory(), 'cursors');
    let cursors = new Map([['web/a', '1.e.4-0.3']]);
    const file = new CursorFile(path, () => cursors, unexpected);
    file.touch();
    cursors = CURSORS;
    await waitFor('the file', async () => (await readCursorFile(path)).size === 2);
    await file.close();
  });

  test('is never seen half done', async () => {
    const path = join(await temporaryDirectory(), 'cursors');
    const many = new Map(Array.from({ length: 500 }, (_, index) => [`c${index}`, '1.e.5-0.7']));
    await new CursorFile(path, () => many, unexpected).close();
    let isWriting = true;
    const writes = repeat(30, () => new CursorFile(path, () => many, unexpected).close());
    const reads = (async () => {
      while (isWriting) expect((await readCursorFile(path)).size).toBe(500);
    })();
    await writes;
    isWriting = false;
    await reads;
  });

  test('that fails is told with its cause, and the old file stays', async () => {
    const path = join(await temporaryDirectory(), 'cursors');
    await mkdir(path);
    const failures: Error[] = [];
    await new CursorFile(
      path,
      () => CURSORS,
      (error) => failures.push(error),
    ).close();
    expect(failures).toMatchObject([
      { code: 'cursor_file', message: expect.stringMatching(/cannot be written/) },
    ]);
    expect(await readdir(join(path, '..'))).toEqual(['cursors']);
  });
});

function unexpected(error: Error): never {
  throw error;
}

async function repeat(times: number, run: () => Promise<void>): Promise<void> {
  for (let time = 0; time < times; time += 1) await run();
}
