/** Which files are read, and from where: on real files and the embedded store. */
import { appendFileSync, renameSync } from 'node:fs';
import { appendFile, chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { withoutPrivileges } from '../support/privileges.js';
import { waitFor } from '../support/wait.js';

test('lines that are there and lines that come later are appended in order', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 3)));
  const agent = await stand.start();
  expect(await stand.linesOnce(3)).toEqual(numbered(1, 3));
  await appendFile(stand.path('app.log'), asText(numbered(4, 5)));
  expect(await stand.linesOnce(5)).toEqual(numbered(1, 5));
  expect(agent.stats()).toMatchObject({ lines: 5, bytes: 35, files: 1, lostBytes: 0, storeAway: false });
});

test('changes that no hint announces are found by the sweep', async () => {
  const stand = await agentStand();
  await mkdir(stand.path('real'));
  // The kernel announces a change in the directory of the target, and nobody watches that one.
  await writeFile(stand.path('real/target'), asText(numbered(1, 1)));
  await symlink(stand.path('real/target'), stand.path('app.log'));
  await stand.start();
  await stand.linesOnce(1);
  await appendFile(stand.path('real/target'), asText(numbered(2, 2)));
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
});

test('a glob picks up files and directories that appear later, and leaves out what is excluded', async () => {
  const stand = await agentStand();
  const sources = [
    {
      include: [stand.path('**/*.log')],
      exclude: ['debug*', stand.path('tmp/**')],
      channel: '{parent}/{name}',
    },
  ];
  await mkdir(stand.path('tmp'));
  await writeFile(stand.path('tmp/no.log'), 'no\n');
  await writeFile(stand.path('debug.log'), 'no\n');
  await stand.start({ sources });
  await mkdir(stand.path('a/b'), { recursive: true });
  await writeFile(stand.path('a/b/app.log'), asText(numbered(1, 2)));
  await writeFile(stand.path('a/b/.hidden.log'), 'no\n');
  expect(await stand.linesOnce(2, 'b/app')).toEqual(numbered(1, 2));
  expect(await stand.reader.channels('acme')).toEqual(['b/app']);
});

test('a directory means every file directly inside that is not hidden or compressed', async () => {
  const stand = await agentStand();
  await mkdir(stand.path('logs/sub'), { recursive: true });
  for (const name of ['one', 'two.txt', '.hidden', 'three.gz', 'sub/four'])
    await writeFile(stand.path(join('logs', name)), `${name}\n`);
  await stand.start({ sources: [{ include: [stand.path('logs')], channel: '{basename}' }] });
  await stand.linesOnce(1, 'one');
  await stand.linesOnce(1, 'two.txt');
  await stand.noticeOnce(/compressed files such as .*three\.gz/);
  expect(await stand.reader.channels('acme')).toEqual(['one', 'two.txt']);
});

test('a file that is named and does not exist is announced, waited for and read from its start', async () => {
  const stand = await agentStand();
  const path = stand.path('later/app.log');
  await stand.start({ sources: [{ include: [path], read_from: 'end' }] });
  await stand.noticeOnce(/later\/app\.log does not exist yet/);
  await mkdir(stand.path('later'));
  await writeFile(path, asText(numbered(1, 2)));
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
});

test('read_from end leaves out what was there, keeps whole lines, and holds over a restart', async () => {
  const stand = await agentStand();
  const sources = [{ include: [stand.path('*.log')], read_from: 'end' }];
  await writeFile(stand.path('app.log'), 'old 1\nold 2\nbegun');
  const first = await stand.start({ sources });
  await waitFor('the position to be settled', async () => {
    const [record] = await stand.writer.sourcesOf('acme', HOST);
    return record?.position.offset === 12;
  });
  await first.stop();
  await appendFile(stand.path('app.log'), ' and ended\nnew\n');
  await writeFile(stand.path('b.log'), 'old too\n');
  await stand.start({ sources });
  expect(await stand.linesOnce(2)).toEqual(['begun and ended', 'new']);
  await writeFile(stand.path('c.log'), 'came later\n');
  expect(await stand.linesOnce(1, `${HOST}/c.log`)).toEqual(['came later']);
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`, `${HOST}/b.log`, `${HOST}/c.log`]);
  expect(await stand.lines(`${HOST}/b.log`)).toEqual([]);
});

test('an unreadable file is announced once with its cause, and read when it is readable', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 2)));
  await chmod(stand.path('app.log'), 0o000);
  await writeFile(stand.path('b.log'), 'other\n');
  await withoutPrivileges([stand.directory, stand.path('app.log')]);
  await stand.start();
  await stand.noticeOnce(/app\.log cannot be read: EACCES.*give the agent the right/);
  await stand.linesOnce(1, `${HOST}/b.log`);
  await chmod(stand.path('app.log'), 0o644);
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
  expect(stand.notices.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
  await stand.noticeOnce(/app\.log can be read again/);
});

test('a path that cannot be opened is announced once, and read when it can be', async () => {
  const stand = await agentStand();
  const path = stand.path('app.log');
  await symlink(path, path);
  await stand.start({ sources: [{ include: [path] }] });
  await stand.noticeOnce(/app\.log cannot be read: ELOOP/);
  await writeFile(stand.path('real'), asText(numbered(1, 2)));
  await rename(stand.path('real'), path);
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
  expect(stand.notices.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
  await stand.noticeOnce(/app\.log can be read again/);
});

test('a file whose name is not UTF-8 is announced once, and read when it is renamed', async () => {
  const stand = await agentStand();
  const odd = Buffer.concat([Buffer.from(stand.path('caf')), Buffer.from([0xe9]), Buffer.from('.log')]);
  await writeFile(odd, asText(numbered(1, 2)));
  await stand.start();
  await stand.noticeOnce(/caf\uFFFD\.log cannot be read: EILSEQ: its name is not UTF-8; rename it/);
  await rename(odd, stand.path('app.log'));
  expect(await stand.linesOnce(2)).toEqual(numbered(1, 2));
  expect(stand.notices.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
});

test('no file inside the program’s own directory is tailed', async () => {
  const stand = await agentStand();
  await mkdir(stand.path('data'));
  await writeFile(stand.path('data/000001.log'), 'not a log\n');
  await writeFile(stand.path('app.log'), 'line\n');
  await stand.start({ ownDirectories: [stand.path('data')], sources: [{ include: [stand.path('**')] }] });
  await stand.linesOnce(1);
  expect(await stand.reader.channels('acme')).toEqual([`${HOST}/app.log`]);
});

test('more files than may be open at once are all read, and quiet ones are closed', async () => {
  const stand = await agentStand();
  const names = Array.from({ length: 40 }, (_, index) => `f${index}.log`);
  for (const name of names) await writeFile(stand.path(name), 'first\n');
  const agent = await stand.start({
    config: { open_files_max: 16 },
    sources: [{ include: [stand.path('*')], channel: 'all' }],
  });
  await stand.linesOnce(40, 'all');
  await waitFor('handles to be closed', () => agent.stats().openFiles <= 16);
  for (const name of names) await appendFile(stand.path(name), 'second\n');
  const lines = await stand.linesOnce(80, 'all');
  expect(lines.filter((line) => line === 'second')).toHaveLength(40);
  await waitFor('handles to be closed', () => agent.stats().openFiles <= 16);
});

test('a quiet file is closed after a while, and a rotation meanwhile loses nothing', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(numbered(1, 2)));
  const agent = await stand.start({ timings: { parkMs: 100 } });
  await stand.linesOnce(2);
  await waitFor('the handle to be closed', () => agent.stats().openFiles === 0);
  // In one step: the agent, of the same process, cannot look in between.
  appendFileSync(stand.path('app.log'), asText(numbered(3, 4)));
  renameSync(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), asText(numbered(5, 6)));
  expect(await stand.linesOnce(6)).toEqual(numbered(1, 6));
});
