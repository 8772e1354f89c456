/** Files that are open while it is found out what they are: neither errors nor deletion in that moment lose a line. */
import { copyFileSync, renameSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { appendFile, rename, stat, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LogFile } from '../../agent/files/log-file.js';
import type { Agent } from '../../agent/index.js';
import { RotatedNames } from '../../agent/rotation/rotated-names.js';
import { agentStand, asText, numbered } from '../support/agent-stand.js';
import { AwayWriter } from '../support/away-writer.js';
import { openHandlesIn } from '../support/open-handles.js';
import { waitFor } from '../support/wait.js';

async function inodeOf(path: string): Promise<string> {
  return `${(await stat(path)).ino}`;
}

async function holds(agent: Agent, files: number): Promise<void> {
  await waitFor(`${files} open files`, () => agent.stats().openFiles === files);
}

/** The first look at one file that comes just after one at the other fails, as no disk that we have does on demand. */
function failAfter(other: string, inode: string, meanwhile = () => {}): () => boolean {
  const { look } = LogFile.prototype;
  let [last, hasFailed] = ['', false];
  const spy = vi.spyOn(LogFile.prototype, 'look').mockImplementation(async function (this: LogFile) {
    const before = last;
    last = this.identity.inode;
    if (hasFailed || before !== other || last !== inode) return look.call(this);
    hasFailed = true;
    meanwhile();
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  });
  onTestFinished(() => void spy.mockRestore());
  return () => hasFailed;
}

test('a file that is deleted while the disk fails that was to take it up is read all the same', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, asText(numbered(1, 3)));
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  await holds(agent, 1);
  await writeFile(stand.path('new'), asText(numbered(4, 6)));
  const [waiting, taken] = [await inodeOf(path), await inodeOf(stand.path('new'))];
  const failed = failAfter(taken, waiting, () => {
    unlinkSync(path);
    writeFileSync(path, 'line 7\n');
  });
  await rename(path, `${path}.1`);
  await rename(stand.path('new'), path);
  await waitFor('the failure', failed);
  writer.isAway = false;
  expect(await stand.linesOnce(7)).toEqual(numbered(1, 7));
  await agent.stop();
  expect(await openHandlesIn(stand.directory)).toEqual([]);
});

test('of a file that was empty, was filled and is deleted while it is looked at again nothing is announced', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, '');
  const agent = await stand.start();
  await holds(agent, 1);
  await writeFile(stand.path('new'), asText(numbered(4, 6)));
  const { of } = RotatedNames.prototype;
  let isMoved = false;
  const spy = vi.spyOn(RotatedNames.prototype, 'of').mockImplementation(function (
    this: RotatedNames,
    ...call
  ) {
    if (!isMoved && statSync(path).size > 0) {
      isMoved = true;
      unlinkSync(path);
      renameSync(stand.path('new'), path);
    }
    return of.apply(this, call);
  });
  onTestFinished(() => void spy.mockRestore());
  await appendFile(path, asText(numbered(1, 3)));
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
  expect(stand.notices.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('of a file that was copied, truncated and deleted at once nothing is announced but that', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await writeFile(path, asText(numbered(1, 300)));
  const writer = new AwayWriter(stand.writer);
  const agent = await stand.start({ writer });
  await holds(agent, 1);
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  unlinkSync(path);
  writeFileSync(path, asText(numbered(301, 303)));
  await stand.noticeOnce(/was truncated; what was unread is read from the rotated copy/);
  writer.isAway = false;
  expect(await stand.linesOnce(303)).toEqual(numbered(1, 303));
  expect(stand.notices.filter(({ message }) => /rotated faster/.test(message))).toEqual([]);
});
