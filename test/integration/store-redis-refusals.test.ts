/** What Redis refuses is refused whole: a typed error, and not one byte written. */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { keysOfChannel } from '../../shared/store/redis/keys.js';
import { DESCRIPTION, linesOf, newChannel, readAll, Source } from '../conformance/lines.js';
import { KEEP_ALL } from '../conformance/stores.js';
import { freePort } from '../support/redis-server.js';
import { clientOf, contentsOf, readerAt, redisServer, writerAt } from './store-redis.js';

test('a full server refuses an append whole, still reads and trims, and takes the same batch later', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await source.append(writer, 'before');
  const before = await contentsOf(client);
  await client.config('SET', 'maxmemory', '1');
  const batch = source.batch('refused');
  await expect(writer.append(id, batch, 'm')).rejects.toMatchObject({ code: 'full', retryable: true });
  await expect(
    writer.openSource({ ...id, channel: 'new' }, 's', DESCRIPTION, { offset: 0, mark: '' }),
  ).rejects.toMatchObject({ code: 'full' });
  expect(await contentsOf(client)).toEqual(before);
  expect(linesOf(await readAll(reader, id))).toEqual(['before']);
  await writerAt(server.url, { retention: { ...KEEP_ALL, ageMs: -1 } }).trim(id);
  expect(await readAll(reader, id)).toEqual([]);
  await client.config('SET', 'maxmemory', '0');
  expect(await writer.append(id, batch, 'm')).toMatchObject({ kind: 'appended', seq: 2 });
});

test('a replica refuses to write, and takes the same batch when it is the primary', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await source.append(writer, 'before');
  await client.replicaof('127.0.0.1', await freePort());
  const batch = source.batch('refused');
  await expect(writer.append(id, batch, 'm')).rejects.toMatchObject({ code: 'read_only', retryable: true });
  expect(linesOf(await readAll(reader, id))).toEqual(['before']);
  await client.replicaof('NO', 'ONE');
  expect(await writer.append(id, batch, 'm')).toMatchObject({ kind: 'appended', seq: 2 });
});

test.each(['log', 'positions', 'sources', 'meta'] as const)(
  'a %s key of another type is corrupt, and an append or opening leaves everything as it is',
  async (name) => {
    const server = await redisServer();
    const [writer, client] = [writerAt(server.url), clientOf(server)];
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await source.append(writer, 'before');
    await client.set(keysOfChannel('tailrace:', id)[name], 'not ours');
    const before = await contentsOf(client);
    const corrupt = { code: 'corrupt', retryable: false };
    await expect(writer.append(id, source.batch('x'), 'm')).rejects.toMatchObject(corrupt);
    const initial = { offset: 0, mark: '' };
    // A known source needs no look at the log: only what would be written there is refused.
    if (name !== 'log')
      await expect(writer.openSource(id, 's2', DESCRIPTION, initial)).rejects.toMatchObject(corrupt);
    await writer.retireSources(id, [source.name]).catch(() => undefined);
    expect(await contentsOf(client)).toEqual(before);
  },
);

test('lines whose numbering is gone are not numbered anew', async () => {
  const server = await redisServer();
  const [writer, client] = [writerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await source.append(writer, 'numbered 1');
  await client.del(keysOfChannel('tailrace:', id).meta);
  expect(await writer.append(id, source.batch('x'), 'm')).toEqual({ kind: 'unknown_source' });
  await expect(source.open(writer)).rejects.toMatchObject({ code: 'corrupt' });
});

test('an entry that tailrace did not write is corrupt, not a wrong line', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  const { epoch, entry } = await source.append(writer, 'ours');
  await client.xadd(keysOfChannel('tailrace:', id).log, '*', 'message', 'theirs');
  const position = { epoch, entry, seq: 2 };
  await expect(reader.read(id, position, 1000)).rejects.toMatchObject({ code: 'corrupt', retryable: false });
});

test.each(['xadd', 'hset', 'xtrim'])(
  'without the right to %s an append is refused whole',
  async (command) => {
    const server = await redisServer();
    const client = clientOf(server);
    const id = newChannel();
    const full = writerAt(server.url);
    const source = await new Source(id).open(full);
    await source.append(full, 'before');
    await client.acl('SETUSER', 'agent', 'on', '>secret', '~*', '&*', '+@all', `-${command}`);
    const before = await contentsOf(client);
    const url = `redis://agent:secret@127.0.0.1:${server.port}`;
    const writer = writerAt(url, { retention: { ...KEEP_ALL, bytes: 1 } });
    const forbidden = { code: 'forbidden', retryable: false };
    await expect(writer.append(id, source.batch('x'), 'm')).rejects.toMatchObject(forbidden);
    expect(await contentsOf(client)).toEqual(before);
  },
);

test('a doorbell that may not ring does not fail an append', async () => {
  const server = await redisServer();
  await clientOf(server).acl('SETUSER', 'mute', 'on', '>secret', '~*', 'resetchannels', '+@all', '-spublish');
  const writer = writerAt(`redis://mute:secret@127.0.0.1:${server.port}`);
  const id = newChannel();
  await (await new Source(id).open(writer)).append(writer, 'silent');
  expect(linesOf(await readAll(readerAt(server.url), id))).toEqual(['silent']);
});

test('a user confined to one tenant does all of its work, and nothing of another tenant', async () => {
  const server = await redisServer();
  const id = newChannel();
  const { tenant } = id;
  const keys = [`~tailrace:{${tenant}/*`, `~tailrace:{${tenant}}:*`];
  const channels = [`&tailrace:{${tenant}/*`, `&tailrace:{${tenant}}:*`];
  const writing = '+xadd +xrange +xtrim +xlen +hget +hmget +hset +hdel +hlen +hexists +hgetall'.split(' ');
  const asking = '+sadd +smembers +spublish +time +eval +evalsha'.split(' ');
  await clientOf(server).acl('SETUSER', 'agent', 'on', '>pw', ...keys, ...channels, ...writing, ...asking);
  const reading = '+xrange +xrevrange +hget +hmget +smembers +eval_ro +evalsha_ro +ping'.split(' ');
  const watching = '+ssubscribe +sunsubscribe'.split(' ');
  await clientOf(server).acl('SETUSER', 'hub', 'on', '>pw', ...keys, ...channels, ...reading, ...watching);
  const writer = writerAt(`redis://agent:pw@127.0.0.1:${server.port}`, {
    retention: { ...KEEP_ALL, bytes: 20 },
  });
  const reader = readerAt(`redis://hub:pw@127.0.0.1:${server.port}`);
  const source = await new Source(id).open(writer);
  await source.append(writer, 'evicted by the next');
  await source.append(writer, 'the newest line');
  await writer.trim(id);
  await writer.retireSources(id, ['nobody']);
  expect(await writer.sourcesOf(tenant, DESCRIPTION.host)).toHaveLength(1);
  await reader.ping();
  await reader.watchChannel(id);
  await reader.watchTenant(tenant);
  expect(linesOf(await readAll(reader, id))).toEqual(['the newest line']);
  expect(await reader.locate(id, { kind: 'tail', lines: 1 })).toMatchObject({ seq: 2 });
  expect(await reader.channels(tenant)).toEqual([id.channel]);
  const foreign = newChannel();
  await expect(new Source(foreign).open(writer)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(reader.channels(foreign.tenant)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(reader.watchChannel(foreign)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(reader.heads([foreign])).rejects.toMatchObject({ code: 'forbidden' });
});

test('wrong credentials are named as such, and no part of the error holds the password', async () => {
  const server = await redisServer('--requirepass', 'right');
  for (const credentials of ['', ':wrong-pa55@', 'nobody:wrong-pa55@']) {
    const reader = readerAt(`redis://${credentials}127.0.0.1:${server.port}`);
    const error: unknown = await reader.ping().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unauthenticated', retryable: false });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('wrong-pa55');
    expect(String(error)).toContain(`127.0.0.1:${server.port}`);
  }
  await readerAt(`redis://:right@127.0.0.1:${server.port}`).ping();
});

test('an error does not carry the lines that were to be written', async () => {
  const server = await redisServer();
  const writer = writerAt(server.url);
  const source = await new Source(newChannel()).open(writer);
  await clientOf(server).config('SET', 'maxmemory', '1');
  const error: unknown = await source.append(writer, 'private line').catch((reason: unknown) => reason);
  const payload = source.batch('private line').payload;
  expect(error).toMatchObject({ code: 'full' });
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(inspect(payload).slice(8, 40));
});

test('a database that the server does not have is refused, not replaced by database 0', async () => {
  const server = await redisServer();
  const writer = writerAt(`${server.url}/99`);
  await expect(new Source(newChannel()).open(writer)).rejects.toMatchObject({ code: 'unsupported' });
  expect(await contentsOf(clientOf(server))).toEqual({});
});
