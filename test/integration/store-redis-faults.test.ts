/** What happens to calls when servers, networks and caches fail under them. */
import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { keysOfChannel } from '../../shared/store/redis/keys.js';
import { DESCRIPTION, linesOf, newChannel, readAll, Source } from '../conformance/lines.js';
import { freePort, type RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { clientOf, proxyTo, readerAt, redisServer, writerAt } from './store-redis.js';

/**
 * With `everysec` Redis holds writes back while a sync is under way on a busy disk, and kill -9 then loses
 * what it has acknowledged: other tests show what follows from that.
 */
const FSYNC_ALWAYS = ['--appendfsync', 'always'];

const UNAVAILABLE = { code: 'unavailable', retryable: true };
const INTERRUPTED = { code: 'interrupted', retryable: true };

function lineNumbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index}`);
}

/** Appends until each line is in, opening the source again after every refusal, as an agent does. */
async function appendAll(writer: LogWriter, id: ChannelId, lines: readonly string[]): Promise<void> {
  const source = new Source(id);
  const starts = lines.map((_, index) => source.batch(...lines.slice(0, index)).to);
  for (;;) {
    const { offset } = await writer.openSource(id, source.name, DESCRIPTION, { offset: 0, mark: '' });
    const rest = lines.slice(starts.findIndex((start) => start >= offset));
    if (offset > (starts.at(-1) ?? 0)) return;
    source.offset = offset;
    await Promise.allSettled(rest.map((line) => source.append(writer, line)));
  }
}

function works(look: () => Promise<unknown>): () => Promise<boolean> {
  return () =>
    look().then(
      () => true,
      () => false,
    );
}

test('scripts flushed while appends are under way cost no line and double none', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const lines = lineNumbers(2_000);
  const appended = appendAll(writer, id, lines);
  let isDone = false;
  const flushed = (async () => {
    while (!isDone) await client.script('FLUSH');
  })();
  await appended;
  isDone = true;
  await flushed;
  expect(linesOf(await readAll(reader, id))).toEqual(lines);
});

test('a script that the server forgot is sent again within the same call', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await source.append(writer, 'one');
  await reader.ping();
  await client.script('FLUSH');
  await source.append(writer, 'two');
  await reader.ping();
});

test('a server that is away fails calls, and one that comes is used, without opening anything again', async () => {
  const server = await redisServer(...FSYNC_ALWAYS);
  const [writer, reader] = [writerAt(server.url), readerAt(server.url)];
  const id = newChannel();
  await server.kill();
  await expect(new Source(id).open(writer)).rejects.toMatchObject(UNAVAILABLE);
  await expect(reader.ping()).rejects.toMatchObject(UNAVAILABLE);
  await server.start();
  const source = new Source(id);
  await waitFor(
    'the writer to connect',
    works(() => source.open(writer)),
  );
  await source.append(writer, 'kept');
  await server.kill();
  await server.start();
  await waitFor(
    'the writer to connect again',
    works(() => source.open(writer)),
  );
  await source.append(writer, 'after');
  await waitFor(
    'the reader to connect again',
    works(() => reader.ping()),
  );
  expect(linesOf(await readAll(reader, id))).toEqual(['kept', 'after']);
});

test('calls under way when the server dies fail then, not at their deadline', async () => {
  const server = await redisServer();
  const writer = writerAt(server.url, { deadlineMs: 120_000 });
  const source = await new Source(newChannel()).open(writer);
  process.kill(server.pid, 'SIGSTOP');
  const calls = lineNumbers(20).map((line) => source.append(writer, line));
  const settled = Promise.allSettled(calls);
  await server.kill();
  const reason = expect.objectContaining(INTERRUPTED);
  expect(await settled).toEqual(calls.map(() => ({ status: 'rejected', reason })));
});

test('a server that hangs fails calls at their deadline; what it did do later is not done twice', async () => {
  const server = await redisServer();
  const [writer, reader] = [writerAt(server.url, { deadlineMs: 1_000 }), readerAt(server.url)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  const batch = source.batch('once');
  process.kill(server.pid, 'SIGSTOP');
  await expect(writer.append(id, batch, 'm')).rejects.toMatchObject(UNAVAILABLE);
  process.kill(server.pid, 'SIGCONT');
  // The server may find the first call in its socket or may not: only sending again tells.
  const again = () => writer.append(id, batch, 'm').catch(() => undefined);
  await waitFor('an answer', again);
  expect(await waitFor('an answer again', again)).toEqual({
    kind: 'conflict',
    position: { offset: batch.to, mark: 'm' },
  });
  expect(linesOf(await readAll(reader, id))).toEqual(['once']);
});

test('a connection whose other end fell silent is given up at the deadline and made anew', async () => {
  const server = await redisServer();
  const proxy = await proxyTo(server);
  const writer = writerAt(`redis://127.0.0.1:${proxy.port}`, { deadlineMs: 1_000 });
  const id = newChannel();
  const source = await new Source(id).open(writer);
  expect(proxy.accepted).toBe(1);
  proxy.fallSilent();
  await expect(writer.append(id, source.batch('x'), 'm')).rejects.toMatchObject(UNAVAILABLE);
  await waitFor(
    'a new connection',
    works(() => source.open(writer)),
  );
  await source.append(writer, 'x');
  expect(proxy.accepted).toBeGreaterThan(1);
});

test('a batch whose reply was lost is a conflict when sent again, and stored once', async () => {
  const server = await redisServer();
  const proxy = await proxyTo(server);
  const [writer, reader] = [writerAt(`redis://127.0.0.1:${proxy.port}`), readerAt(server.url)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  const batch = source.batch('once');
  proxy.loseNextReply();
  await expect(writer.append(id, batch, 'there')).rejects.toMatchObject(INTERRUPTED);
  const again = await waitFor('the second attempt', () =>
    writer.append(id, batch, 'x').catch(() => undefined),
  );
  expect(again).toEqual({ kind: 'conflict', position: { offset: batch.to, mark: 'there' } });
  expect(linesOf(await readAll(reader, id))).toEqual(['once']);
});

test('an address where nothing listens is named in the error, with the next step', async () => {
  const port = await freePort();
  const error = await readerAt(`redis://:pa55@127.0.0.1:${port}`)
    .ping()
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject(UNAVAILABLE);
  expect(String(error)).toContain(`127.0.0.1:${port}`);
  expect(String(error)).toContain('ECONNREFUSED');
  expect(String(error)).not.toContain('pa55');
});

test('closing lets calls under way end and refuses later ones', async () => {
  const server = await redisServer();
  const writer = writerAt(server.url);
  const source = await new Source(newChannel()).open(writer);
  const calls = lineNumbers(20).map((line) => source.append(writer, line));
  await writer.close();
  expect((await Promise.all(calls)).map(({ seq }) => seq)).toEqual(
    lineNumbers(20).map((_, index) => index + 1),
  );
  await expect(source.append(writer, 'late')).rejects.toMatchObject({ code: 'closed' });
});

test('calls made before the connection stands are sent in their order', async () => {
  const server = await redisServer();
  const id = newChannel();
  const source = await new Source(id).open(writerAt(server.url));
  const fresh = writerAt(server.url);
  await Promise.all(lineNumbers(50).map((line) => source.append(fresh, line)));
  expect(linesOf(await readAll(readerAt(server.url), id))).toEqual(lineNumbers(50));
});

test('wherever a power cut ends the append-only file, positions, numbers and lines agree', async () => {
  const server = await redisServer(...FSYNC_ALWAYS);
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const lines = lineNumbers(60);
  await appendAll(writer, id, lines);
  for (let cut = 0; cut < 5; cut++) {
    await loseBytes(server, 300 + 7 * cut);
    await waitFor(
      'both halves to connect',
      works(() => Promise.all([reader.ping(), client.ping()])),
    );
    const batches = await readAll(reader, id);
    const [head] = await reader.heads([id]);
    const position = await client.hget(keysOfChannel('tailrace:', id).positions, 'source-1');
    expect(linesOf(batches)).toEqual(lines.slice(0, batches.length));
    expect(head?.nextSeq).toBe(batches.length + 1);
    expect(position).toMatch(new RegExp(`^${batches.at(-1)?.to} ${batches.length} `));
  }
  expect((await readAll(reader, id)).length).toBeLessThan(lines.length);
  await waitFor(
    'the writer to connect',
    works(() => new Source(id).open(writer)),
  );
  await appendAll(writer, id, lines);
  expect(linesOf(await readAll(reader, id))).toEqual(lines);
});

/** What a power cut takes that fsync had not reached yet. */
async function loseBytes(server: RedisServer, bytes: number): Promise<void> {
  await server.kill();
  const file = join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const { size } = await stat(file);
  await truncate(file, size - bytes);
  await server.start();
}
