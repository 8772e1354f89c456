/** What an agent must not forget of a file between two answers of the store. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { settings } from '../support/agent-reload.js';
import { agentStand, asText, numbered } from '../support/agent-stand.js';
import { WriterAround } from '../support/agent-writers.js';
import { write } from '../support/archives.js';
import { MuteWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

/** Cannot open a source in one channel, for as long as it is told so. */
class ChannelAway extends WriterAround {
  isAway = true;
  failures = 0;
  readonly #channel: string;

  constructor(inner: LogWriter, channel: string) {
    super(inner);
    this.#channel = channel;
  }

  override async openSource(...call: Parameters<LogWriter['openSource']>) {
    if (this.isAway && call[0].channel === this.#channel) {
      this.failures++;
      throw new StoreError('unavailable', 'gone fishing', { retryable: true });
    }
    return super.openSource(...call);
  }
}

test('a file whose channel is changed twice, once while the store is away, goes on where it stood', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const writer = new ChannelAway(stand.writer, 'b');
  const rule = (channel: string) => [{ include: [stand.path('app.log')], channel }];
  const agent = await stand.start({ writer, sources: rule('a') });
  await stand.linesOnce(10, 'a');
  agent.reload(settings(rule('b')));
  await write(stand, 11, 11);
  await waitFor('the store to be away', () => writer.failures > 0);
  agent.reload(settings(rule('c')));
  writer.isAway = false;
  const [b, c] = await waitFor('the line', async () => {
    const lines = await Promise.all([stand.lines('b'), stand.lines('c')]);
    return lines.flat().includes('line 11') && lines;
  });
  expect([...b, ...c]).toEqual(numbered(11, 11));
});

test('a file that was seen and has no place yet is not forgotten when positions are compared with the store', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, asText(numbered(1, 2)));
  const writer = new MuteWriter(stand.writer);
  let comparisons = 0;
  const { sourcesOf } = writer;
  writer.sourcesOf = async (...call) => {
    const records = await sourcesOf.apply(writer, call);
    comparisons++;
    return records;
  };
  await stand.start({ writer, timings: { lingerMs: 60_000, trimMs: 20 } });
  await stand.noticeOnce(/nothing is sent/);
  const packed = gzipSync(readFileSync(path));
  renameSync(path, `${path}.2`);
  writeFileSync(path, asText(numbered(3, 4)));
  renameSync(path, `${path}.1`);
  writeFileSync(path, asText(numbered(5, 6)));
  // It is being compressed.
  writeFileSync(`${path}.2.gz`, packed.subarray(0, 12));
  rmSync(`${path}.2`);
  writer.isAway = false;
  await waitFor('positions to be compared', () => comparisons >= 5);
  writeFileSync(`${path}.2.gz`, packed);
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
});
