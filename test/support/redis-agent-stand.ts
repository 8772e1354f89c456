/** An agent stand whose store is a real Redis of the test's own, reached directly or through a proxy. */
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { AgentStand } from './agent-stand.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';
import { startProxy, type TcpProxy } from './tcp-proxy.js';
import { temporaryDirectory } from './temporary.js';

const RETENTION = { bytes: 2 ** 30, ageMs: 2 ** 40 };
const DEADLINE_MS = 1_000;

export interface RedisStandOptions extends RedisServerOptions {
  /** How the agent gets in, in place of `redis://`, such as `redis://agent:secret@`. */
  readonly as?: string;
  /** Whether the agent reaches Redis through the proxy. The reader never does. */
  readonly isProxied?: boolean;
  readonly deadlineMs?: number;
}

export interface RedisStand {
  readonly stand: AgentStand;
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  /** For what only an operator does. */
  readonly client: Redis;
}

export async function redisStand(options: RedisStandOptions = {}): Promise<RedisStand> {
  const { as = 'redis://', isProxied = false, deadlineMs = DEADLINE_MS, settings = [] } = options;
  const redis = await startRedis({ settings });
  const proxy = await startProxy(redis.port);
  const client = operatorOf(redis.port);
  const reader = openRedisReader({ url: redis.url });
  // What the store says for itself is part of what the person on call reads.
  let stand: AgentStand | undefined;
  const tell =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string): void =>
      stand?.logger[level](message);
  const logger = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
  const url = `${as}127.0.0.1:${isProxied ? proxy.port : redis.port}`;
  const writer = openRedisWriter({ url, retention: RETENTION, deadlineMs, logger });
  onTestFinished(async () => {
    await writer.close();
    await reader.close();
    client.disconnect();
    await proxy[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });
  stand = new AgentStand(await temporaryDirectory(), { writer, reader });
  return { stand, redis, proxy, client };
}

export function operatorOf(port: number): Redis {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 10 });
  client.on('error', () => {});
  return client;
}
