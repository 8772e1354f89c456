import { appendFile, chmod, chown, link, rename, utimes, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import type { FileState } from '../../agent/status/status-shape.js';
import { StoreError } from '../../shared/errors.js';
import { agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { ForgetfulWriter, HeldWriter } from '../support/agent-writers.js';
import { AwayWriter } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

const NOBODY = 65_534;

/** Waits until so many files are in each of these states, and in no other. */
function statesOnce(agent: Agent, expected: Partial<Record<FileState, number>>) {
  return waitFor(`files to be ${JSON.stringify(expected)}`, () => {
    const status = agent.status(100);
    const present = Object.entries(status.states).filter(([, count]) => count > 0);
    return JSON.stringify(present.sort()) === JSON.stringify(Object.entries(expected).sort()) && status;
  });
}

test('a file whose lines are on their way is reading, and idle once the store has confirmed them', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ writer });
  await writer.firstAppend;
  const { files, unreadBytes } = await statesOnce(agent, { reading: 1 });
  expect(files[0]).toMatchObject({
    sizeBytes: 4,
    offsetBytes: 0,
    unreadBytes: 4,
    channel: `${HOST}/app.log`,
  });
  expect(unreadBytes).toBe(4);
  writer.letGo();
  expect((await statesOnce(agent, { idle: 1 })).files[0]).toMatchObject({ offsetBytes: 4, lagSeconds: 0 });
});

test('a rotated file that waits for its turn behind an older one is queued, and both have their own row', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  const agent = await stand.start();
  await stand.linesOnce(1);
  await agent.stop();
  await appendFile(stand.path('app.log'), 'two\n');
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), 'three\n');
  const writer = new HeldWriter(stand.writer);
  const second = await stand.start({ writer });
  await writer.firstAppend;
  const { files } = await statesOnce(second, { reading: 1, queued: 1 });
  const rows = files.map(({ path, state, unreadBytes }) => [path, state, unreadBytes]);
  expect(rows.sort()).toEqual([
    [stand.path('app.log'), 'queued', 6],
    [stand.path('app.log.1'), 'reading', 4],
  ]);
  writer.letGo();
  await stand.linesOnce(3);
});

test('a rotated file that may still be written to is finishing, under its new name, until it is let go', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  const agent = await stand.start({ timings: { lingerMs: 2_000 } });
  await stand.linesOnce(1);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), 'two\n');
  const { files } = await statesOnce(agent, { finishing: 1, idle: 1 });
  expect(files.find(({ state }) => state === 'finishing')?.path).toBe(stand.path('app.log.1'));
  await statesOnce(agent, { idle: 1 });
});

test('the age of unread bytes is that of the oldest of them, whatever comes later', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  const { files, lagSeconds } = await waitFor('some age', () => {
    const status = agent.status(1);
    return status.lagSeconds > 0.2 && status;
  });
  expect(files[0]).toMatchObject({ state: 'store_away', unreadBytes: 4, lagSeconds });
  await appendFile(stand.path('app.log'), 'two\n');
  const later = await waitFor('the look', () => {
    const status = agent.status(1);
    return status.unreadBytes === 8 && status;
  });
  expect(later.lagSeconds).toBeGreaterThanOrEqual(lagSeconds);
  expect(later.storeAway?.message).toBe('gone fishing');
  writer.isAway = false;
  expect(await statesOnce(agent, { idle: 1 })).toMatchObject({ lagSeconds: 0, unreadBytes: 0 });
});

test('a file that cannot be read says why, and remembers it when it can be read again', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  await chmod(stand.path('app.log'), 0o000);
  if (process.geteuid?.() === 0) await becomeNobody([stand.directory, stand.path('app.log')]);
  const agent = await stand.start();
  const { files } = await statesOnce(agent, { unreadable: 1 });
  expect(files[0]?.lastError).toMatchObject({
    message: expect.stringContaining('EACCES'),
    isOver: false,
    since: expect.stringMatching(/Z$/),
  });
  await chmod(stand.path('app.log'), 0o644);
  const after = await statesOnce(agent, { idle: 1 });
  expect(after.files[0]?.lastError).toMatchObject({ isOver: true });
});

test('a directory that cannot be looked into is told like a file, and its files are read once it can', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  if (process.geteuid?.() === 0) await becomeNobody([stand.directory, stand.path('app.log')]);
  // Long ago, so that it is looked into again for its rights and not for its time.
  await utimes(stand.directory, 1_000_000, 1_000_000);
  await chmod(stand.directory, 0o000);
  const agent = await stand.start();
  const { files } = await statesOnce(agent, { unreadable: 1 });
  expect(files[0]).toMatchObject({ path: stand.directory, lastError: { isOver: false } });
  await chmod(stand.directory, 0o755);
  await statesOnce(agent, { idle: 1 });
  expect(await stand.linesOnce(1)).toEqual(['one']);
});

test('lines that the store refuses are told with its words', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  let isRefusing = true;
  const refusal = () => new StoreError('forbidden', 'NOPERM for this channel');
  const writer = new ForgetfulWriter(stand.writer, () => isRefusing, refusal);
  const agent = await stand.start({ writer });
  const { files } = await waitFor('the refusal', () => {
    const status = agent.status(1);
    return status.files[0]?.lastError?.message === 'NOPERM for this channel' && status;
  });
  expect(['refused', 'idle', 'reading']).toContain(files[0]?.state);
  isRefusing = false;
  await appendFile(stand.path('app.log'), 'two\n');
  await stand.linesOnce(2);
  expect((await statesOnce(agent, { idle: 1 })).files[0]?.lastError).toBeUndefined();
});

test('a file with two names is read under one of them, and said to be elsewhere under the other', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'one\n');
  await link(stand.path('app.log'), stand.path('other.log'));
  const agent = await stand.start();
  const { files } = await statesOnce(agent, { idle: 1, elsewhere: 1 });
  expect(files.map(({ unreadBytes }) => unreadBytes)).toEqual([0, 0]);
});

test('standard input has a row like a file, with what was taken out of the pipe and is not stored', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'piped' }], standardInput });
  standardInput.write('one\nunfinished');
  const { files } = await statesOnce(agent, { partial_line: 1 });
  expect(files[0]).toMatchObject({ path: 'standard input', channel: 'piped', sizeBytes: 14, offsetBytes: 4 });
  expect(agent.status(0)).toMatchObject({ isAtWork: true, unreadBytes: 10 });
  standardInput.end();
  expect(await stand.linesOnce(2, 'piped')).toEqual(['one', 'unfinished']);
});

test('of all files those are named that were asked for, and all are counted', async () => {
  const stand = await agentStand();
  for (let n = 1; n <= 30; n++) await writeFile(stand.path(`${n}.log`), asText(numbered(1, n)));
  const agent = await stand.start();
  await statesOnce(agent, { idle: 30 });
  const { files, omittedFiles, states } = agent.status(7);
  expect([files.length, omittedFiles, states.idle]).toEqual([7, 23, 30]);
  expect(agent.status(0).files).toEqual([]);
  expect(agent.status(Number.POSITIVE_INFINITY).files).toHaveLength(30);
});

test('every batch that was read is appended, or failed and was sent again', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  let losses = 3;
  const lost = () => new StoreError('unavailable', 'no reply', { retryable: true });
  const writer = new ForgetfulWriter(stand.writer, () => losses-- > 0, lost);
  const agent = await stand.start({ writer });
  for (let n = 11; n <= 20; n++) {
    await appendFile(stand.path('app.log'), `line ${n}\n`);
    await waitFor(`line ${n}`, () => agent.status(0).unreadBytes === 0);
  }
  expect(await stand.linesOnce(20)).toEqual(numbered(1, 20));
  const { readBatches, batches, failedBatches, retriedBatches } = agent.stats();
  expect(failedBatches).toBe(3);
  expect(readBatches).toBe(batches + failedBatches);
  // The lines were stored, only the replies were lost: nothing had to be sent again.
  expect(retriedBatches).toBe(0);
});

/** Root may read everything, so for the rest of the test the process has no more rights than the owner. */
async function becomeNobody(paths: readonly string[]): Promise<void> {
  for (const path of paths) await chown(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}
