/**
 * What the store knows of a source is forgotten once nothing needs it: no batch of it is retained, and neither
 * its file nor an archive of it is there, which would be read again otherwise. Paths go the same way.
 */
import { appendFile, rename, unlink, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { type AgentStand, agentStand, asText, HOST, numbered, TENANT } from '../support/agent-stand.js';
import { waitFor } from '../support/wait.js';

const TIMINGS = { trimMs: 1, sweepMs: 10 };

/** Of every channel only the newest batch stays. */
const NEWEST_ONLY = 1;

const CHANNEL = `${HOST}/app.log`;

async function start(stand: AgentStand): Promise<Agent> {
  return stand.start({ timings: TIMINGS });
}

/** Differs from file to file: one on the inode of another with the same bytes would be taken for it. */
function textOf(from: number, to: number, name = 'app.log'): string {
  return asText(numbered(from, to).map((line) => `${name} ${line}`));
}

async function write(stand: AgentStand, from: number, to: number, name = 'app.log'): Promise<void> {
  await appendFile(stand.path(name), textOf(from, to, name));
}

/** Lines that were ever appended to a channel, retained or not. */
async function appended(stand: AgentStand, channel = CHANNEL): Promise<number> {
  const [head] = await stand.reader.heads([{ tenant: TENANT, channel }]);
  return (head?.nextSeq ?? 1) - 1;
}

async function appendedOnce(stand: AgentStand, lines: number, channel = CHANNEL): Promise<number> {
  return waitFor(`${lines} lines`, async () => {
    const count = await appended(stand, channel);
    return count >= lines && count;
  });
}

async function sourcesOf(stand: AgentStand, channel = CHANNEL): Promise<string[]> {
  const records = await stand.writer.sourcesOf(TENANT, HOST);
  return records.filter((record) => record.channel === channel).map(({ source }) => source);
}

/** Two generations of a path, both read, of which only the newer one has a batch left. */
async function rotatedOnce(stand: AgentStand, name: string): Promise<void> {
  await write(stand, 1, 5, name);
  await appendedOnce(stand, 5, `${HOST}/${name}`);
  await rename(stand.path(name), stand.path(`${name}.1`));
  await write(stand, 6, 10, name);
  await appendedOnce(stand, 10, `${HOST}/${name}`);
}

/** Resolves when everything that was to be forgotten until now is. */
async function retired(stand: AgentStand, name: string): Promise<void> {
  await rotatedOnce(stand, name);
  await unlink(stand.path(`${name}.1`));
  await waitFor(
    'a source to be forgotten',
    async () => (await sourcesOf(stand, `${HOST}/${name}`)).length === 1,
  );
}

test('a source is forgotten when its file is gone and its batches are trimmed, and not before', async () => {
  const stand = await agentStand(NEWEST_ONLY);
  await start(stand);
  await rotatedOnce(stand, 'app.log');
  await retired(stand, 'first.log');
  expect(await sourcesOf(stand)).toHaveLength(2);
  await unlink(stand.path('app.log.1'));
  await waitFor('the source to be forgotten', async () => (await sourcesOf(stand)).length === 1);
});

test('a source of which a batch is retained stays known although its file is gone', async () => {
  const stand = await agentStand();
  const other = { include: [stand.path('app.log')] };
  await stand.start({ sources: [other], timings: TIMINGS });
  await rotatedOnce(stand, 'app.log');
  const [first] = await sourcesOf(stand);
  await unlink(stand.path('app.log.1'));
  // What never had a batch goes in the same round, and shows that there was one.
  const description = {
    host: HOST,
    path: stand.path('app.log'),
    device: '1',
    inode: '1',
    generation: 1,
    labels: {},
  };
  await stand.writer.openSource({ tenant: TENANT, channel: CHANNEL }, 'unread', description, {
    offset: 0,
    mark: '',
  });
  const agent = await stand.start({ sources: [other], timings: TIMINGS });
  await waitFor('the unread one to be forgotten', async () => !(await sourcesOf(stand)).includes('unread'));
  await agent.stop();
  expect(await sourcesOf(stand)).toContain(first);
});

/** As programs do it that compress for themselves: the archive's time is that of its compression. */
async function compress(stand: AgentStand, name: string): Promise<void> {
  await writeFile(stand.path(`${name}.gz`), gzipSync(textOf(1, 5)));
  await unlink(stand.path(name));
}

/** Two generations, both rotated, the older one compressed, and a file at the path that nobody wrote to. */
async function standWithArchive(): Promise<AgentStand> {
  const stand = await agentStand(NEWEST_ONLY);
  const agent = await start(stand);
  await rotatedOnce(stand, 'app.log');
  await agent.stop();
  await rename(stand.path('app.log.1'), stand.path('app.log.2'));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), '');
  await compress(stand, 'app.log.2');
  return stand;
}

test('a source whose archive is there stays known, so that the archive is not read again', async () => {
  const stand = await standWithArchive();
  const first = await start(stand);
  await retired(stand, 'first.log');
  await first.stop();
  expect(await sourcesOf(stand)).toHaveLength(2);
  const second = await start(stand);
  await write(stand, 11, 11);
  expect(await appendedOnce(stand, 11)).toBe(11);
  await unlink(stand.path('app.log.2.gz'));
  await waitFor('the source to be forgotten', async () => (await sourcesOf(stand)).length === 2);
  await second.stop();
});

test('if it were forgotten, the archive would be read again', async () => {
  const stand = await standWithArchive();
  const id = { tenant: TENANT, channel: CHANNEL };
  await stand.writer.retireSources(id, await sourcesOf(stand));
  await write(stand, 11, 11);
  await start(stand);
  expect(await appendedOnce(stand, 16)).toBe(16);
});

test('a path at which nothing is and of which nothing is stored is forgotten, and found when it comes back', async () => {
  const stand = await agentStand(NEWEST_ONLY);
  const sources = [{ include: [stand.path('*.log')], channel: 'all' }];
  const agent = await stand.start({ sources, timings: TIMINGS });
  await write(stand, 1, 5, 'first.log');
  await appendedOnce(stand, 5, 'all');
  await write(stand, 1, 5, 'second.log');
  await appendedOnce(stand, 10, 'all');
  expect(agent.stats().files).toBe(2);
  await unlink(stand.path('first.log'));
  await waitFor('the path to be forgotten', () => agent.stats().files === 1);
  await write(stand, 6, 9, 'first.log');
  expect(await appendedOnce(stand, 14, 'all')).toBe(14);
  expect(agent.stats().files).toBe(2);
});
