import { expect, test } from 'vitest';
import type { LogReader } from '../../shared/store/log-store.js';
import { newChannel, Source } from '../conformance/lines.js';
import { waitFor } from '../support/wait.js';
import { clientOf, proxyTo, readerAt, redisServer, writerAt } from './store-redis.js';

class Rings {
  channel = 0;
  tenant = 0;
  lost = 0;

  onChannel(): void {
    this.channel += 1;
  }

  onTenant(): void {
    this.tenant += 1;
  }

  onLost(): void {
    this.lost += 1;
  }
}

function countRings(reader: LogReader): Rings {
  const rings = new Rings();
  reader.listen(rings);
  return rings;
}

test('a lost subscriber comes back, says that doorbells may be lost, and rings again', async () => {
  const server = await redisServer();
  const [writer, reader, client] = [writerAt(server.url), readerAt(server.url), clientOf(server)];
  const rings = countRings(reader);
  const id = newChannel();
  const source = await new Source(id).open(writer);
  await reader.watchChannel(id);
  await reader.watchTenant(id.tenant);
  expect(rings.lost).toBe(0);
  for (let count = 1; count <= 3; count++) {
    await client.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB');
    await waitFor('the notice of loss', () => rings.lost === count);
    await source.append(writer, 'x');
    await new Source({ ...id, channel: `new-${count}` }).open(writer);
    await waitFor('both rings', () => rings.channel === count && rings.tenant === count);
  }
});

test('what was unwatched while the subscriber was away stays unwatched', async () => {
  const server = await redisServer();
  const [writer, reader] = [writerAt(server.url), readerAt(server.url)];
  const rings = countRings(reader);
  const [kept, dropped] = [newChannel(), newChannel()];
  await reader.watchChannel(kept);
  await reader.watchChannel(dropped);
  await server.kill();
  await waitFor('the loss to be noticed', () =>
    reader.ping().then(
      () => false,
      () => true,
    ),
  );
  await reader.unwatchChannel(dropped);
  await server.start();
  await waitFor('the notice of loss', () => rings.lost === 1);
  const open = async (id: typeof kept) => (await new Source(id).open(writer)).append(writer, 'x');
  await open(dropped);
  await open(kept);
  await waitFor('the ring', () => rings.channel > 0);
  expect(rings.channel).toBe(1);
});

test('watching fails with a typed error while the server is away, and works when asked again', async () => {
  const server = await redisServer();
  const reader = readerAt(server.url);
  const rings = countRings(reader);
  const id = newChannel();
  await server.kill();
  await expect(reader.watchChannel(id)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await server.start();
  await waitFor('the watch', () =>
    reader.watchChannel(id).then(
      () => true,
      () => false,
    ),
  );
  const writer = writerAt(server.url);
  await (await new Source(id).open(writer)).append(writer, 'x');
  await waitFor('the ring', () => rings.channel === 1);
});

test('a subscriber is not held up by a reader whose connection hangs', async () => {
  const server = await redisServer();
  const proxy = await proxyTo(server);
  const reader = readerAt(`redis://127.0.0.1:${proxy.port}`, { deadlineMs: 60_000 });
  const rings = countRings(reader);
  const id = newChannel();
  await reader.ping();
  proxy.fallSilent();
  await reader.watchChannel(id);
  const writer = writerAt(server.url);
  await (await new Source(id).open(writer)).append(writer, 'x');
  await waitFor('the ring', () => rings.channel === 1);
});

test('a subscriber whose other end fell silent notices, comes back and rings again', async () => {
  const server = await redisServer();
  const proxy = await proxyTo(server);
  const reader = readerAt(`redis://127.0.0.1:${proxy.port}`, { deadlineMs: 500 });
  const rings = countRings(reader);
  const id = newChannel();
  await reader.watchChannel(id);
  proxy.fallSilent();
  await waitFor('the notice of loss', () => rings.lost > 0);
  const writer = writerAt(server.url);
  await (await new Source(id).open(writer)).append(writer, 'x');
  await waitFor('the ring', () => rings.channel === 1);
});
