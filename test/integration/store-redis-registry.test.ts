/** What lies beside a channel's own keys: the tenant's set of channels, and the server's clock. */
import { expect, test } from 'vitest';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { keysOfChannel, keysOfTenant } from '../../shared/store/redis/keys.js';
import { DESCRIPTION, linesOf, newChannel, readAll, Source } from '../conformance/lines.js';
import { KEEP_ALL } from '../conformance/stores.js';
import { waitFor } from '../support/wait.js';
import { clientOf, readerAt, redisServer, writerAt } from './store-redis.js';

test('a set of channels that was lost is filled again by whoever goes on writing', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await source.append(writer, 'x');
  await client.del(keysOfTenant('tailrace:', id.tenant).channels);
  expect(await reader.channels(id.tenant)).toEqual([]);
  await client.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
  // Only an append, no opening: the writer must notice by itself.
  const batch = source.batch('y');
  await waitFor('an append on the new connection', () =>
    writer.append(id, batch, 'm').catch(() => undefined),
  );
  const list = () => reader.channels(id.tenant).catch(() => []);
  await waitFor('the channel to be listed', async () => (await list()).length === 1);
});

test('after the clock went back thousands of entries share a millisecond, and tail still finds its line', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const id = newChannel();
  const { log } = keysOfChannel('tailrace:', id);
  const future = Date.now() + 3_600_000;
  const source = await new Source(id).open(writer);
  await source.append(writer, 'before');
  await client.xadd(log, `${future}-0`, 's', 's');
  await client.xdel(log, `${future}-0`);
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`);
  const appended = await Promise.all(lines.map((line) => source.append(writer, line)));
  expect(appended.at(-1)?.entry).toBe(`${future}-${lines.length}`);
  for (const n of [1, 2, 37, 150, 299, 300]) {
    const position = await reader.locate(id, { kind: 'tail', lines: n });
    expect(linesOf(await readAll(reader, id, position))).toEqual(lines.slice(-n));
  }
});

test('stores with different key prefixes on one server share nothing', async () => {
  const server = await redisServer();
  const id = newChannel();
  const mine = openRedisWriter({ url: server.url, keyPrefix: 'a:', retention: KEEP_ALL });
  const theirs = openRedisReader({ url: server.url, keyPrefix: 'b:' });
  await mine.openSource(id, 's', DESCRIPTION, { offset: 0, mark: '' });
  expect(await theirs.channels(id.tenant)).toEqual([]);
  await Promise.all([mine.close(), theirs.close()]);
});
