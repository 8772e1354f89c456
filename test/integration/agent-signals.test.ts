/** What changes and nothing announces: rights, targets of links, numbers of devices. Every line is read all the same. */
import { appendFile, chmod, mkdir, open, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { RenumberedWriter } from '../support/agent-writers.js';
import { withoutPrivileges } from '../support/privileges.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

/** Of a directory: what is denied, and what the agent then says. */
const DENIED: Readonly<Record<string, number>> = {
  'may not be looked into': 0o000,
  'may be listed and not entered': 0o400,
  'may be entered and not listed': 0o100,
};

for (const [what, mode] of Object.entries(DENIED)) {
  for (const include of ['logs/*.log', 'logs', 'logs/app.log', '**/*.log']) {
    test(`files of a directory that ${what} are read once the right is given, by ${include}`, async () => {
      const stand = await agentStand();
      await mkdir(stand.path('logs'));
      await writeFile(stand.path('logs/app.log'), asText(numbered(1, 2)));
      await writeFile(stand.path('other.log'), 'other\n');
      await seemOld([stand.path('logs'), stand.directory]);
      await withoutPrivileges([stand.directory, stand.path('logs'), stand.path('logs/app.log')]);
      await chmod(stand.path('logs'), mode);
      await stand.start({ sources: [{ include: [stand.path(include), stand.path('other.log')] }] });
      await stand.linesOnce(1, `${HOST}/other.log`);
      await chmod(stand.path('logs'), 0o700);
      expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
    });
  }
}

test('a rotated file that may not be read is waited for, and then read before its successor', async () => {
  const stand = await agentStand();
  await mkdir(stand.path('logs'));
  const log = stand.path('logs/app.log');
  await writeFile(log, asText(numbered(1, 2)));
  await withoutPrivileges([stand.directory, stand.path('logs'), log]);
  const agent = await stand.start({ sources: [{ include: [log] }], timings: { parkMs: 50 } });
  await stand.linesOnce(2);
  await waitFor('the file to be closed', () => agent.stats().openFiles === 0);
  await using writer = await open(log, 'a');
  await chmod(log, 0o000);
  await writer.write(asText(numbered(3, 4)));
  await rename(log, stand.path('logs/app.log.1'));
  await writeFile(log, asText(numbered(5, 6)));
  await stand.noticeOnce(/EACCES.*give the agent the right/);
  await chmod(stand.path('logs/app.log.1'), 0o600);
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
});

test('a rotated file that may not be read when the agent starts is waited for, and then read before its successor', async () => {
  const stand = await agentStand();
  await mkdir(stand.path('logs'));
  const log = stand.path('logs/app.log');
  await writeFile(log, asText(numbered(1, 2)));
  await withoutPrivileges([stand.directory, stand.path('logs'), log]);
  const first = await stand.start({ sources: [{ include: [log] }] });
  await stand.linesOnce(2);
  await first.stop();
  await appendFile(log, asText(numbered(3, 4)));
  await chmod(log, 0o000);
  await rename(log, stand.path('logs/app.log.1'));
  await writeFile(log, asText(numbered(5, 6)));
  await stand.start({ sources: [{ include: [log] }] });
  await stand.noticeOnce(/EACCES.*give the agent the right/);
  await chmod(stand.path('logs/app.log.1'), 0o600);
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
});

test('what a link in a watched directory leads to is read when it comes to be elsewhere', async () => {
  const stand = await agentStand();
  const elsewhere = await temporaryDirectory();
  await symlink(`${elsewhere}/file`, stand.path('app.log'));
  await symlink(`${elsewhere}/directory`, stand.path('mounted'));
  await writeFile(stand.path('other.log'), 'other\n');
  await seemOld([stand.directory]);
  await stand.start({ sources: [{ include: [stand.path('**/*.log')] }] });
  await stand.linesOnce(1, `${HOST}/other.log`);
  await writeFile(`${elsewhere}/file`, asText(numbered(1, 2)));
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
  await mkdir(`${elsewhere}/directory`);
  await writeFile(`${elsewhere}/directory/in.log`, asText(numbered(1, 2)));
  expect(await stand.linesOnce(2, `${HOST}/in.log`)).toEqual(numbered(1, 2));
});

describe('a device that has another number after the machine or the mount was started anew', () => {
  test('holds the same files: nothing of them is read again, rotated since or not', async () => {
    const stand = await agentStand();
    await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
    await writeFile(stand.path('b.log'), asText(numbered(1, 3)));
    const first = await stand.start({ writer: new RenumberedWriter(stand.writer) });
    await stand.linesOnce(3);
    await stand.linesOnce(3, `${HOST}/b.log`);
    await first.stop();
    await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
    await rename(stand.path('b.log'), stand.path('b.log.1'));
    await appendFile(stand.path('b.log.1'), asText(numbered(4, 5)));
    await writeFile(stand.path('b.log'), asText(numbered(6, 7)));
    const second = await stand.start();
    expect(await stand.linesOnce(5)).toEqual(numbered(1, 5));
    expect(await stand.linesOnce(7, `${HOST}/b.log`)).toEqual(numbered(1, 7));
    await second.stop();
    await appendFile(stand.path('app.log'), asText(numbered(6, 7)));
    await rename(stand.path('app.log'), stand.path('app.log.1'));
    await writeFile(stand.path('app.log'), asText(numbered(8, 9)));
    await stand.start();
    expect(await stand.linesOnce(9)).toEqual(numbered(1, 9));
  });

  test('may hold another file under the same inode number: it is read from its start', async () => {
    const stand = await agentStand();
    await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
    const first = await stand.start({ writer: new RenumberedWriter(stand.writer) });
    await stand.linesOnce(3);
    await first.stop();
    await writeFile(stand.path('app.log'), asText(numbered(11, 15)));
    await stand.start();
    expect(await stand.linesOnce(8)).toEqual([...numbered(1, 3), ...numbered(11, 15)]);
  });
});

/** What changed just now is looked into again anyway, for it may have changed twice at one time. */
async function seemOld(directories: readonly string[]): Promise<void> {
  for (const directory of directories) await utimes(directory, 1, 1);
}
