import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requirePrograms } from '../support/fault-programs.js';
import { announcedRandom, type Random } from '../support/fault-random.js';
import { ResumingReader } from '../support/fault-reader.js';
import { startStack } from '../support/fault-stack.js';
import { Logrotate, type RotationMethod } from '../support/logrotate.js';
import { type Nginx, startLoad, startNginx } from '../support/nginx.js';
import { compareLines } from '../support/received-lines.js';
import { waitFor } from '../support/wait.js';

const METHODS: readonly RotationMethod[] = [
  'create',
  'copytruncate',
  'create',
  'copytruncate',
  'copytruncate',
  'create',
];
const TRUNCATIONS = METHODS.filter((method) => method === 'copytruncate').length;
const DISCONNECTS = 10;
/** About 100,000 lines: enough to be under way all the time, little enough for a laptop. */
const BYTES = 10_000_000;

test('nginx under load, rotated six times, reaches a client that comes and goes, line by line', async (context) => {
  const programs = requirePrograms(context, ['nginx', 'wrk', 'logrotate']);
  const random = announcedRandom('nginx-rotation');
  await using stack = await startStack();
  const { directory } = stack;
  const accessLog = join(directory, 'access.log');
  await using nginx = await startNginx({ program: programs.nginx, directory, accessLog });
  const rotation = { program: programs.logrotate, directory, file: accessLog, keep: METHODS.length };
  const logrotate = new Logrotate({ ...rotation, writerPid: nginx.pid });
  const agent = await stack.startAgent({
    tenant: 'web',
    sources: [{ include: [accessLog], channel: 'access' }],
  });
  const hub = await stack.startHub();
  await using reader = new ResumingReader({ token: await stack.token('web', 'access'), channel: 'access' });
  reader.connect(hub.url);

  const load = { program: programs.wrk, directory, port: nginx.port, connections: 16, pauseMs: 1 };
  {
    await using _load = await startLoad(load);
    for (const { at, act } of schedule(random, reader, hub.url, logrotate)) {
      await waitFor(`${at} bytes of access log`, async () => (await stat(nginx.truthLog)).size >= at);
      await act();
    }
  }
  const truth = await completeTruth(nginx);
  await waitFor('the last line of nginx', () => reader.lines.at(-1) === truth.at(-1));

  const readable = await linesOnDisk([...logrotate.rotatedFiles(), accessLog]);
  const { missing, ...comparison } = compareLines(truth, reader.lines);
  expect(comparison).toMatchObject({ repeated: [], outOfOrder: [], foreign: [] });
  expect(
    missing.flatMap(({ from, to }) => truth.slice(from, to)).filter((line) => readable.has(line)),
  ).toEqual([]);
  expect(missing.length).toBeLessThanOrEqual(TRUNCATIONS);
  expect(reader.gaps).toEqual([]);
  expect(reader.connections).toBe(1 + DISCONNECTS);
  expect(logrotate.rotatedFiles().filter((file) => existsSync(file))).toHaveLength(METHODS.length);
  expect(truncationsTold(agent.stderr, accessLog)).toBe(TRUNCATIONS);
}, 180_000);

interface Step {
  /** Size of the log of the truth. */
  readonly at: number;
  readonly act: () => Promise<void> | void;
}

/** What happens when, by the bytes that nginx has written: six rotations, ten absences, all at random. */
function schedule(random: Random, reader: ResumingReader, url: string, logrotate: Logrotate): Step[] {
  const somewhereIn = (slot: number, slots: number) => Math.floor(((slot + random.next()) * BYTES) / slots);
  const rotations = METHODS.map((method, slot) => ({
    at: somewhereIn(slot, METHODS.length),
    act: () => logrotate.rotate(method),
  }));
  const absences = Array.from({ length: DISCONNECTS }, (_, slot) => {
    const [away, back] = [somewhereIn(slot, DISCONNECTS), somewhereIn(slot, DISCONNECTS)].sort(
      (a, b) => a - b,
    );
    return [
      { at: away as number, act: () => reader.disconnect() },
      { at: back as number, act: () => reader.connect(url) },
    ];
  });
  const end = { at: BYTES, act: () => undefined };
  return [...rotations, ...absences.flat(), end].sort((a, b) => a.at - b.at);
}

/** nginx ends first: then every request is in its log. */
async function completeTruth(nginx: Nginx): Promise<string[]> {
  await nginx[Symbol.asyncDispose]();
  return nginx.truth();
}

async function linesOnDisk(files: readonly string[]): Promise<Set<string>> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return new Set(texts.flatMap((text) => text.split('\n')));
}

/** How often the agent said that the file was truncated, how far it had come and what it knows to be lost. */
function truncationsTold(stderr: string, path: string): number {
  const notices = stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return notices.filter(
    ({ msg, path: told, appendedBytes, lostBytes }) =>
      /was truncated/.test(String(msg)) &&
      told === path &&
      Number(appendedBytes) > 0 &&
      lostBytes !== undefined,
  ).length;
}
