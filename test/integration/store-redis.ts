/** A Redis server with writers, readers and a plain client on it, all gone when the test ends. */
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { LogReader, LogWriter } from '../../shared/store/log-store.js';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { KEEP_ALL } from '../conformance/stores.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';

export async function redisServer(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis({ settings });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

export async function proxyTo(server: RedisServer): Promise<TcpProxy> {
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

export function writerAt(url: string, { retention = KEEP_ALL, deadlineMs = 5_000 } = {}): LogWriter {
  const writer = openRedisWriter({ url, retention, deadlineMs });
  onTestFinished(() => writer.close());
  return writer;
}

export function readerAt(url: string, { deadlineMs = 5_000 } = {}): LogReader {
  const reader = openRedisReader({ url, deadlineMs });
  onTestFinished(() => reader.close());
  return reader;
}

/** For what only an operator does. */
export function clientOf(server: RedisServer): Redis {
  const client = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 10 });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

/** Everything in the server, key by key, byte by byte. */
export async function contentsOf(client: Redis): Promise<Record<string, string>> {
  const keys = (await client.keys('*')).sort();
  const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, dumps[index]?.toString('base64') ?? '']));
}
