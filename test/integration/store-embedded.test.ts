/** What only the embedded store has to withstand: its process killed, a second one, a disk that fails. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { expect, onTestFinished, test } from 'vitest';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import { openEmbeddedStore } from '../../shared/store/embedded/index.js';
import type { LogWriter, Retention } from '../../shared/store/log-store.js';
import { linesOf, newChannel, newTenant, readAll, Source } from '../conformance/lines.js';
import { KEEP_ALL } from '../conformance/stores.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

const WRITER = fileURLToPath(new URL('./store-embedded-writer.ts', import.meta.url));
const KILLS = 3;
const MIB = 1024 * 1024;

async function openAt(directory: string, options: { retention?: Retention; now?: () => number } = {}) {
  const store = await openEmbeddedStore({ directory, retention: KEEP_ALL, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Starts a writing process, kills it after some acknowledgements, and returns the last acknowledged number. */
async function writeAndKill(directory: string, tenant: string, first: number, acks: number): Promise<number> {
  const args = ['--import', 'tsx', WRITER, directory, tenant, `${first}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let acknowledged = first - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === first + acks) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
  return acknowledged;
}

test('kill -9 of the writing process loses nothing that was acknowledged and doubles nothing', async () => {
  const directory = await temporaryDirectory();
  const id = { tenant: newTenant(), channel: 'app' };
  let stored = 0;
  for (let round = 0; round < KILLS; round++) {
    const acknowledged = await writeAndKill(directory, id.tenant, stored, 50 + 37 * round);
    const store = await openEmbeddedStore({ directory, retention: KEEP_ALL });
    const numbers = linesOf(await readAll(store.reader, id)).map((line) => Number.parseInt(line, 10));
    await store.close();
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers.length).toBeGreaterThan(acknowledged);
    stored = numbers.length;
  }
});

test('a directory that is in use is refused, with its name and the next step', async () => {
  const directory = await temporaryDirectory();
  const store = await openEmbeddedStore({ directory, retention: KEEP_ALL });
  const second: unknown = await openEmbeddedStore({ directory, retention: KEEP_ALL }).catch((error) => error);
  expect(second).toMatchObject({ code: 'locked', retryable: false });
  expect(String(second)).toContain(directory);
  expect(String(second)).toContain('stop it, or choose another directory');
  await (await new Source(newChannel()).open(store.writer)).append(store.writer, 'the first goes on');
  await store.close();
  await openAt(directory);
});

test('another process is refused as well', async () => {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, directory, 't', '0']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await expect(openEmbeddedStore({ directory, retention: KEEP_ALL })).rejects.toMatchObject({
    code: 'locked',
  });
});

test('after a failed write nothing is acknowledged until the directory is back, and no other takes its place', async () => {
  const root = await temporaryDirectory();
  const [directory, away] = [join(root, 'data'), join(root, 'away')];
  const store = await openAt(directory);
  const id = newChannel();
  const source = await new Source(id).open(store.writer);
  await rename(directory, away);
  const acknowledged = await appendUntilRefused(store.writer, source);
  const unavailable = { code: 'unavailable', retryable: true };
  await expect(source.append(store.writer, 'x')).rejects.toMatchObject(unavailable);
  await expect(store.reader.ping()).rejects.toMatchObject(unavailable);
  expect(await readdir(root)).toEqual(['away']);
  await rename(away, directory);
  await source.open(store.writer);
  await source.append(store.writer, 'next');
  const lines = linesOf(await readAll(store.reader, id));
  expect(lines.map((line) => line.slice(0, 4))).toEqual([...Array(acknowledged).fill('MMMM'), 'next']);
});

test('ids and numbers grow although the clock goes back, also across a restart', async () => {
  const directory = await temporaryDirectory();
  const id = newChannel();
  const at = async (timeMs: number) => {
    const store = await openEmbeddedStore({ directory, retention: KEEP_ALL, now: () => timeMs });
    const source = await new Source(id).open(store.writer);
    const entries = [await source.append(store.writer, 'x', 'y'), await source.append(store.writer, 'z')];
    await store.close();
    return entries.map(({ entry }) => entry);
  };
  expect(await at(1_000)).toEqual(['1000-0', '1000-1']);
  expect(await at(500)).toEqual(['1000-2', '1000-3']);
  expect(await at(2_000)).toEqual(['2000-0', '2000-1']);
  const { reader } = await openAt(directory);
  expect(linesOf(await readAll(reader, id))).toHaveLength(9);
  const tail = await reader.locate(id, { kind: 'tail', lines: 4 });
  expect(tail).toMatchObject({ entry: '1000-2', seq: 6 });
});

test('a batch is kept up to its age and evicted one millisecond later', async () => {
  let timeMs = 1_000;
  const retention = { ...KEEP_ALL, ageMs: 100 };
  const { writer, reader } = await openAt(await temporaryDirectory(), { retention, now: () => timeMs });
  const id = newChannel();
  await (await new Source(id).open(writer)).append(writer, 'x');
  timeMs = 1_100;
  await writer.trim(id);
  expect(await readAll(reader, id)).toHaveLength(1);
  timeMs = 1_101;
  await writer.trim(id);
  expect(await readAll(reader, id)).toEqual([]);
});

test('a page read while the channel is trimmed shows one instant', async () => {
  const { writer, reader } = await openAt(await temporaryDirectory(), {
    retention: { ...KEEP_ALL, bytes: 2_000 },
  });
  const id = newChannel();
  const source = await new Source(id).open(writer);
  let isDone = false;
  const written = (async () => {
    for (let count = 0; count < 500; count++) await source.append(writer, 'x'.repeat(96));
    isDone = true;
  })();
  while (!isDone) {
    const { view, batches } = await reader.read(id, VOID_POSITION, 1_000_000);
    expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, index) => view.firstSeq + index));
    expect(view.nextSeq - view.firstSeq).toBe(batches.length);
    expect(batches.at(-1)?.entry ?? '0-0').toBe(view.lastEntry);
  }
  await written;
});

test('the disk gets back what was trimmed', async () => {
  const directory = await temporaryDirectory();
  const id = newChannel();
  const full = await openEmbeddedStore({ directory, retention: KEEP_ALL });
  const source = await new Source(id).open(full.writer);
  for (let count = 0; count < 48; count++) await source.append(full.writer, noise(count));
  await full.close();
  expect(await bytesIn(directory)).toBeGreaterThan(40 * MIB);
  const { writer } = await openAt(directory, { retention: { ...KEEP_ALL, bytes: 2 * MIB } });
  await writer.trim(id);
  await waitFor('the files to shrink', async () => (await bytesIn(directory)) < 20 * MIB);
});

test('a directory of another format is refused and left as it is', async () => {
  const directory = await temporaryDirectory();
  const level = new ClassicLevel<string, string>(directory);
  await level.put('v', '999');
  await level.close();
  await expect(openEmbeddedStore({ directory, retention: KEEP_ALL })).rejects.toMatchObject({
    code: 'unsupported',
  });
  await level.open();
  expect(await level.get('v')).toBe('999');
  await level.close();
});

test('a damaged record is corrupt, not a wrong line', async () => {
  const directory = await temporaryDirectory();
  const id = newChannel();
  const store = await openEmbeddedStore({ directory, retention: KEEP_ALL });
  await (await new Source(id).open(store.writer)).append(store.writer, 'x');
  await store.close();
  const level = new ClassicLevel<string, string>(directory);
  const [key = ''] = await level.keys({ gte: 'e!' }).all();
  await level.put(key, '????');
  await level.close();
  const { reader } = await openAt(directory);
  await expect(reader.read(id, VOID_POSITION, 1000)).rejects.toMatchObject({
    code: 'corrupt',
    retryable: false,
  });
});

test('a path that cannot be a directory gives one sentence that names it', async () => {
  const path = join(await temporaryDirectory(), 'file');
  await writeFile(path, '');
  const error: unknown = await openEmbeddedStore({ directory: path, retention: KEEP_ALL }).catch(
    (reason) => reason,
  );
  expect(error).toMatchObject({ code: 'unavailable' });
  expect(String(error)).toContain(path);
});

test('closing commits what is under way and refuses later calls', async () => {
  const directory = await temporaryDirectory();
  const store = await openEmbeddedStore({ directory, retention: KEEP_ALL });
  const id = newChannel();
  const source = await new Source(id).open(store.writer);
  const appended = ['1', '2', '3'].map((line) => source.append(store.writer, line));
  await store.close();
  expect((await Promise.all(appended)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  await expect(source.append(store.writer, 'late')).rejects.toMatchObject({ code: 'closed' });
  await expect(store.reader.heads([id])).rejects.toMatchObject({ code: 'closed' });
});

/** Until LevelDB needs its next file; returns how many lines were acknowledged. */
async function appendUntilRefused(writer: LogWriter, source: Source): Promise<number> {
  for (let count = 0; ; count++) {
    try {
      await source.append(writer, 'M'.repeat(MIB));
    } catch {
      return count;
    }
  }
}

/** A mebibyte that does not compress. */
function noise(seed: number): string {
  const hash = (index: number) =>
    createHash('sha512').update(`${seed}.${index}`).digest('base64url').slice(0, 64);
  return Array.from({ length: MIB / 64 }, (_, index) => hash(index)).join('');
}

async function bytesIn(directory: string): Promise<number> {
  const sizes = (await readdir(directory)).map((file) =>
    stat(join(directory, file)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
