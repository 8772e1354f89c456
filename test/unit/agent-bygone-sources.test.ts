/** Numbers of generations are not given twice: what another agent may not have heard of stays known. */
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAt } from '../../agent/files/log-file.js';
import { bygoneSources } from '../../agent/sources/bygone-sources.js';
import { Ledger } from '../../agent/sources/ledger.js';
import { temporaryDirectory } from '../support/temporary.js';

/** A file that was truncated: the first generation was read up to `offset`, the second one is. */
async function generations(offset: number) {
  const path = join(await temporaryDirectory(), 'app.log');
  await writeFile(path, 'line 2\n');
  const { identity } = (await lookAt(path)) ?? expect.fail('no file');
  const ledger = new Ledger('host');
  const [first, second] = [offset, 7].map((read, index) => {
    const known = ledger.admit({ channel: 'app', labels: {}, path, identity, generation: index + 1 });
    ledger.progress(known, { offset: read, mark: '' });
    return known;
  });
  return { path, first, bygone: () => bygoneSources(ledger, new Set(second && [second])) };
}

test('a source whose file became a later one is bygone', async () => {
  const { first, bygone } = await generations(7);
  expect(await bygone()).toEqual([first]);
});

test('a source that was never read and whose file became a later one is so only once the file is gone', async () => {
  const { path, first, bygone } = await generations(0);
  expect(await bygone()).toEqual([]);
  await unlink(path);
  expect(await bygone()).toEqual([first]);
});
