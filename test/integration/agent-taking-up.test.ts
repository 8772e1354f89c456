/** Files at the moments when they are taken up and let go of: empty ones, rotated ones, and where the disk fails. */
import { renameSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LogFile } from '../../agent/files/log-file.js';
import type { Agent } from '../../agent/index.js';
import { type AgentStand, agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { standWithUnreadTail, write } from '../support/archives.js';
import { AwayWriter } from '../support/away-writer.js';
import { openHandlesIn } from '../support/open-handles.js';
import { waitFor } from '../support/wait.js';

async function appender(path: string) {
  const file = await open(path, 'a');
  onTestFinished(() => file.close());
  return file;
}

async function holds(agent: Agent, files: number): Promise<void> {
  await waitFor(`${files} open files`, () => agent.stats().openFiles === files);
}

async function emptyFile(stand: AgentStand) {
  const file = await appender(stand.path('app.log'));
  const agent = await stand.start({ timings: { lingerMs: 2_000 } });
  await holds(agent, 1);
  return file;
}

test('a file that was empty when it was renamed is read, though nothing has come to its path', async () => {
  const stand = await agentStand();
  const file = await emptyFile(stand);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await file.appendFile(asText(numbered(1, 3)));
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
});

for (const glob of ['*.log', 'app.log*', 'app.log']) {
  test(`a file that has come and was renamed in an instant is read, though nothing else is at its path: ${glob}`, async () => {
    const stand = await standWithUnreadTail();
    await unlink(stand.path('app.log'));
    await stand.start({ sources: [{ include: [stand.path(glob), stand.path('other.log')] }] });
    await write(stand, 1, 1, 'other.log');
    await stand.linesOnce(1, `${HOST}/other.log`);
    writeFileSync(stand.path('app.log'), asText(numbered(21, 30)));
    renameSync(stand.path('app.log'), stand.path('app.log.1'));
    expect(await stand.linesOnce(20)).toEqual([...numbered(1, 10), ...numbered(21, 30)]);
  });
}

test('a file that was empty when it was deleted is read, though nothing has come to its path', async () => {
  const stand = await agentStand();
  const file = await emptyFile(stand);
  await unlink(stand.path('app.log'));
  await file.appendFile(asText(numbered(1, 3)));
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
});

test('a file on the inode of one that was empty and is gone is stored under its own name', async () => {
  const stand = await agentStand();
  const [path, aside] = [stand.path('a.log'), join(stand.path('aside'), 'kept')];
  await mkdir(stand.path('aside'));
  await writeFile(path, '');
  const { ino } = await stat(path);
  const agent = await stand.start();
  await holds(agent, 1);
  // Out of sight, because another process might be given the inode first.
  await rename(path, aside);
  await writeFile(path, 'another\n');
  await stand.linesOnce(1, `${HOST}/a.log`);
  await holds(agent, 1);
  await writeFile(aside, asText(numbered(1, 3)));
  await rename(aside, stand.path('b.log'));
  expect((await stat(stand.path('b.log'))).ino).toBe(ino);
  expect(await stand.linesOnce(3, `${HOST}/b.log`)).toEqual(numbered(1, 3));
  expect(await stand.lines(`${HOST}/a.log`)).toEqual(['another']);
});

test('a rotated file that was let go of is read on when its writer writes late, while others linger', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  const oldest = await appender(path);
  await oldest.appendFile('line 1\n');
  const agent = await stand.start();
  await stand.linesOnce(1);
  await rename(path, `${path}.1`);
  const newer = await appender(path);
  await newer.appendFile('line 2\n');
  await stand.linesOnce(2);
  await rename(`${path}.1`, `${path}.2`);
  await rename(path, `${path}.1`);
  await writeFile(path, 'line 3\n');
  await stand.linesOnce(3);
  const isLetGoOf = async () => {
    await newer.appendFile('more\n');
    return agent.stats().openFiles === 2;
  };
  await waitFor('the oldest to be let go of', isLetGoOf, { everyMs: 20 });
  await oldest.appendFile('late\n');
  await waitFor('the late line', async () => (await stand.lines()).includes('late'));
});

test('a file at rest since a restart that is overwritten by as many bytes is read anew', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, 'old 1\nold 2\n');
  const first = await stand.start();
  await stand.linesOnce(2);
  await first.stop();
  const agent = await stand.start();
  await holds(agent, 1);
  const file = await open(path, 'r+');
  await file.write('new 1\nnew 2\n', 0);
  await file.close();
  expect(await stand.linesOnce(4)).toEqual(['old 1', 'old 2', 'new 1', 'new 2']);
});

test('an error of the disk while a new file is taken up leaves no file unread and none open', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, asText(numbered(1, 3)));
  const { ino } = await stat(path);
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  await stand.noticeOnce(/nothing is sent/);
  await writeFile(stand.path('new'), asText(numbered(4, 6)));
  const failed = failOnce(`${ino}`);
  await rename(path, `${path}.1`);
  await rename(stand.path('new'), path);
  await waitFor('the failure', failed);
  await appendFile(path, 'line 7\n');
  writer.isAway = false;
  expect(await stand.linesOnce(7)).toEqual(numbered(1, 7));
  await agent.stop();
  expect(await openHandlesIn(stand.directory)).toEqual([]);
});

test('an error of the disk while it is made out where to begin leaves the file to be begun later', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, asText(numbered(1, 3)));
  const { read } = LogFile.prototype;
  let reads = 0;
  const spy = vi.spyOn(LogFile.prototype, 'read').mockImplementation(async function (this: LogFile, ...call) {
    // The first one is for the mark.
    if (++reads === 2) throw diskError();
    return read.apply(this, call);
  });
  onTestFinished(() => void spy.mockRestore());
  const agent = await stand.start({ config: { sources: [{ include: [path], read_from: 'end' }] } });
  await stand.noticeOnce(/cannot be read: EIO/);
  await stand.noticeOnce(/can be read again/);
  await appendFile(path, 'line 4\n');
  expect(await stand.linesOnce(1)).toEqual(['line 4']);
  await agent.stop();
  expect(await openHandlesIn(stand.directory)).toEqual([]);
});

/** Once another file was looked at, the next look at this one fails, as no disk that we have does on demand. */
function failOnce(inode: string): () => boolean {
  const { look } = LogFile.prototype;
  let [isOtherSeen, hasFailed] = [false, false];
  const spy = vi.spyOn(LogFile.prototype, 'look').mockImplementation(async function (this: LogFile) {
    if (this.identity.inode !== inode) isOtherSeen = true;
    else if (isOtherSeen && !hasFailed) {
      hasFailed = true;
      throw diskError();
    }
    return look.call(this);
  });
  onTestFinished(() => void spy.mockRestore());
  return () => hasFailed;
}

function diskError(): Error {
  return Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
}
