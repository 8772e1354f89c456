/** Truncation while files wait for their turn, or for a store: what is in copies comes before what came after. */
import { appendFileSync, copyFileSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { appendFile, copyFile, rename, stat, truncate } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { withResolvers } from '../../shared/with-resolvers.js';
import { agentStand, asText, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { write } from '../support/archives.js';
import { AwayWriter, startAndGoAway } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

test('what was written, copied and truncated between two looks is read while the file before it may still grow', async () => {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const first = await stand.start();
  await stand.linesOnce(10);
  await first.stop();
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ writer, timings: { lingerMs: 600_000 } });
  appendFileSync(stand.path('app.log'), asText(numbered(11, 11)));
  renameSync(stand.path('app.log'), stand.path('app.log.1'));
  writeFileSync(stand.path('app.log'), '');
  await writer.firstAppend;
  expect(agent.stats().openFiles).toBe(2);
  renameSync(stand.path('app.log.1'), stand.path('app.log.2'));
  appendFileSync(stand.path('app.log'), asText(numbered(12, 20)));
  copyFileSync(stand.path('app.log'), stand.path('app.log.1'));
  truncateSync(stand.path('app.log'));
  writeFileSync(stand.path('last.log'), '');
  await waitFor('all changes to be known', () => agent.stats().files === 2);
  writer.letGo();
  expect(await stand.linesOnce(20)).toEqual(numbered(1, 20));
});

test('a rotated file that is truncated and written anew before its turn is read, and what it held is counted', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await startAndGoAway(stand, writer);
  await write(stand, 11, 20);
  await waitFor('the agent to notice', () => agent.stats().storeAway);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 31, 40);
  await waitFor('the new file to be held', () => agent.stats().openFiles === 2);
  await truncate(stand.path('app.log.1'));
  await appendFile(stand.path('app.log.1'), asText(numbered(21, 30)));
  writer.isAway = false;
  expect(await stand.linesOnce(30)).toEqual([...numbered(1, 10), ...numbered(21, 40)]);
  expect(agent.stats().lostBytes).toBe(asText(numbered(11, 20)).length);
});

/** Lets sources be opened only when it is told to. */
class HeldOpening extends AwayWriter {
  readonly asked = withResolvers();
  readonly gate = withResolvers();
  isHeld = false;

  override async openSource(...call: Parameters<AwayWriter['openSource']>) {
    this.reach();
    if (this.isHeld) this.asked.resolve();
    if (this.isHeld) await this.gate.promise;
    return super.openSource(...call);
  }
}

test('a copy is read before what came after the truncation, also where the file was seen growing after it was copied', async () => {
  const stand = await agentStand();
  const writer = new HeldOpening(stand.writer);
  const agent = await startAndGoAway(stand, writer);
  await rename(stand.path('app.log'), stand.path('app.log.2'));
  await write(stand, 11, 20);
  await waitFor('the new file to be held', () => agent.stats().openFiles === 2);
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  appendFileSync(stand.path('app.log'), asText(numbered(21, 30)));
  const later = new Date(Date.now() + 5_000);
  utimesSync(stand.path('app.log'), later, later);
  const { size } = await stat(stand.path('app.log'));
  const seen = () => agent.status(10).files.some((file) => file.sizeBytes === size);
  await waitFor('it to be seen grown', seen);
  writer.isHeld = true;
  writer.isAway = false;
  await writer.asked.promise;
  truncateSync(stand.path('app.log'));
  appendFileSync(stand.path('app.log'), asText(numbered(31, 60)));
  writer.gate.resolve();
  expect(await stand.linesOnce(50)).toEqual([...numbered(1, 20), ...numbered(31, 60)]);
});
