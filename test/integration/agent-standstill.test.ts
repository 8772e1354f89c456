/** What could bring a path to a standstill, or keep its reader busy for nothing: it waits in peace, and goes on. */
import { renameSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LogFile } from '../../agent/files/log-file.js';
import type { Agent } from '../../agent/index.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { write } from '../support/archives.js';
import { AwayWriter, startAndGoAway } from '../support/away-writer.js';
import { waitFor } from '../support/wait.js';

/** Files of one path that an agent holds open. */
const HELD_MAX = 16;

/** More files than an agent holds, each with a line of its own behind the first ten. Returns their last line. */
async function rotateBeyondBounds(stand: AgentStand, agent: Agent): Promise<number> {
  const last = HELD_MAX + 12;
  for (let line = 11; line <= last; line++) {
    renameSync(stand.path('app.log'), stand.path(`app.log-${20_260_100 + line - 10}`));
    writeFileSync(stand.path('app.log'), asText(numbered(line, line)));
    // The first one was read, and is let go of sooner or later.
    const held = Math.min(HELD_MAX, line - 10);
    await waitFor(`${held} files`, () => agent.status(99).files.length >= held);
  }
  return last;
}

test('a file that is emptied while as many wait as can be held stops none of the others', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await startAndGoAway(stand, writer);
  const last = await rotateBeyondBounds(stand, agent);
  truncateSync(stand.path('app.log-20260105'));
  writer.isAway = false;
  const emptied = numbered(14, 14);
  expect(await stand.linesOnce(last - 1)).toEqual(
    numbered(1, last).filter((line) => !emptied.includes(line)),
  );
});

test('a file that cannot be read is left in peace until the next sweep, though as many wait behind it as can be held', async () => {
  const stand = await agentStand();
  const writer = new AwayWriter(stand.writer);
  const agent = await startAndGoAway(stand, writer, { timings: { sweepMs: 600_000 } });
  const last = await rotateBeyondBounds(stand, agent);
  const { ino } = await stat(stand.path('app.log-20260102'));
  const { read } = LogFile.prototype;
  let tries = 0;
  const spy = vi.spyOn(LogFile.prototype, 'read').mockImplementation(function (this: LogFile, ...call) {
    if (this.identity.inode !== `${ino}`) return read.apply(this, call);
    tries++;
    return Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
  });
  onTestFinished(() => void spy.mockRestore());
  writer.isAway = false;
  await stand.noticeOnce(/EIO/);
  const others = async (from: number, to: number) => {
    for (let line = from; line <= to; line++) {
      await write(stand, line, line, 'other.log');
      await stand.linesOnce(line, `${HOST}/other.log`);
    }
  };
  await others(1, 10);
  tries = 0;
  await others(11, 40);
  expect(tries).toBe(0);
  spy.mockRestore();
  await write(stand, last + 1, last + 1);
  expect(await stand.linesOnce(last + 1)).toEqual(numbered(1, last + 1));
});

test('a rotated name that cannot be looked at holds up none of the others', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  await symlink('app.log.9', stand.path('app.log.9'));
  await stand.start();
  await stand.linesOnce(2);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 3, 4);
  expect(await stand.linesOnce(4)).toEqual(numbered(1, 4));
});

test('a file that was away from its path for a moment is no rotated one, and hides no late line of those', async () => {
  const stand = await agentStand();
  await write(stand, 1, 2);
  const agent = await stand.start({ timings: { trimMs: 600_000 } });
  await stand.linesOnce(2);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await write(stand, 3, 3);
  await stand.linesOnce(3);
  const [idle] = await waitFor('the first to be let go of', () => {
    const { files } = agent.status(9);
    return files.length === 1 && files;
  });
  await rename(stand.path('app.log'), stand.path('elsewhere'));
  await waitFor('it to be missed', () => agent.status(9).files[0]?.state !== idle?.state);
  await rename(stand.path('elsewhere'), stand.path('app.log'));
  await waitFor('it to be found', () => agent.status(9).files[0]?.state === idle?.state);
  await appendFile(stand.path('app.log.1'), asText(numbered(4, 4)));
  expect(await stand.linesOnce(4)).toEqual(numbered(1, 4));
});

test('a log that nothing is written to is read when there is something, however often it was rotated', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 10)));
  const agent = await stand.start({ timings: { trimMs: 600_000 } });
  await stand.linesOnce(10);
  const rotations = HELD_MAX + 4;
  for (let rotation = 1; rotation <= rotations; rotation++) {
    renameSync(stand.path('app.log'), stand.path(`app.log-${20_260_100 + rotation}`));
    writeFileSync(stand.path('app.log'), '');
    await waitFor('the rotation to be seen', () => agent.stats().rotations >= rotation);
  }
  await write(stand, 11, 20);
  expect(await stand.linesOnce(20)).toEqual(numbered(1, 20));
});
