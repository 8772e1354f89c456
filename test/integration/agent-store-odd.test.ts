/**
 * A Redis that is there and does not do what it should. Each time lines are written before, meanwhile and after,
 * all arrive once and in order, and the one notice says what is wrong and what to do.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asText, numbered } from '../support/agent-stand.js';
import {
  operatorOf,
  type RedisStand,
  type RedisStandOptions,
  redisStand,
} from '../support/redis-agent-stand.js';
import { freePort } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const AGENT = { as: 'redis://agent:secret@' };

interface Oddity {
  readonly name: string;
  readonly options?: RedisStandOptions;
  readonly prepare?: (stand: RedisStand) => Promise<unknown>;
  readonly begin: (stand: RedisStand) => unknown;
  /** What the person on call reads: the cause, and the next step. */
  readonly notice: RegExp;
  readonly end: (stand: RedisStand) => unknown;
}

const newUser = ({ client }: RedisStand) =>
  client.acl('SETUSER', 'agent', 'on', '>secret', '~*', '&*', '+@all');

const ODDITIES: readonly Oddity[] = [
  {
    name: 'is full (OOM under noeviction), and gets room',
    begin: ({ client }) => client.config('SET', 'maxmemory', '1'),
    notice: /nothing is sent until .*has reached its maxmemory: raise it, or lower the retention/,
    end: ({ client }) => client.config('SET', 'maxmemory', '0'),
  },
  {
    name: 'becomes a replica (READONLY), and the primary again',
    begin: async ({ client }) => client.replicaof('127.0.0.1', await freePort()),
    notice: /nothing is sent until .*is a replica: point tailrace at the primary, or wait for the failover/,
    end: ({ client }) => client.replicaof('NO', 'ONE'),
  },
  {
    name: 'is busy with a script of somebody else (BUSY), which is killed',
    options: { settings: ['--busy-reply-threshold', '20'] },
    begin: ({ redis, client }) => {
      const other = operatorOf(redis.port);
      onTestFinished(() => other.disconnect());
      other.eval('while true do end', 0).catch(() => {});
      const answer = () => client.ping().catch(({ message }: Error) => message.startsWith('BUSY'));
      return waitFor('the script to be in its way', async () => (await answer()) === true);
    },
    notice: /nothing is sent until .*when it has loaded, recovered or been freed\. It said: BUSY/,
    end: ({ client }) => client.script('KILL'),
  },
  {
    name: 'takes a right away from the agent, and gives it back',
    options: AGENT,
    prepare: newUser,
    begin: ({ client }) => client.acl('SETUSER', 'agent', '-xadd'),
    notice: /app\.log: the store refuses its lines; they stay in the file: .*extend its ACL rules/,
    end: ({ client }) => client.acl('SETUSER', 'agent', '+xadd'),
  },
  {
    name: 'takes all rights away from the agent, and gives them back',
    options: AGENT,
    prepare: newUser,
    begin: ({ client }) => client.acl('SETUSER', 'agent', '-@all'),
    notice: /app\.log: the store refuses its lines; they stay in the file: .*extend its ACL rules/,
    end: ({ client }) => client.acl('SETUSER', 'agent', '+@all'),
  },
  {
    name: 'has another password for the agent, and then the old one again',
    options: AGENT,
    prepare: newUser,
    begin: async ({ client }) => {
      await client.acl('SETUSER', 'agent', 'resetpass', '>another');
      await client.client('KILL', 'USER', 'agent');
    },
    notice: /nothing is sent until .*correct user and password in the Redis URL/,
    end: ({ client }) => client.acl('SETUSER', 'agent', 'resetpass', '>secret'),
  },
  {
    name: 'reads its data anew (LOADING), and has them again',
    options: {
      settings: ['--enable-debug-command', 'local', '--loading-process-events-interval-bytes', '1024'],
    },
    prepare: async ({ client }) => {
      const pipeline = client.pipeline();
      for (let key = 0; key < 8_000; key++) pipeline.set(`ballast${key}`, 'x');
      await pipeline.exec();
      await client.config('SET', 'key-load-delay', '2000');
    },
    begin: ({ redis, client }) => {
      const other = operatorOf(redis.port);
      onTestFinished(() => other.disconnect());
      other.call('DEBUG', 'RELOAD').catch(() => {});
      const answer = () =>
        client.get('ballast1').catch(({ message }: Error) => message.startsWith('LOADING'));
      return waitFor('the data to be read', async () => (await answer()) === true);
    },
    notice: /nothing is sent until .*when it has loaded, recovered or been freed\. It said: LOADING/,
    end: ({ client }) => client.config('SET', 'key-load-delay', '0'),
  },
  {
    name: 'stands still (SIGSTOP), and goes on',
    begin: ({ redis }) => process.kill(redis.pid, 'SIGSTOP'),
    notice: /nothing is sent until .*did not answer within 1000 ms: see whether it or the network is stuck/,
    end: ({ redis }) => process.kill(redis.pid, 'SIGCONT'),
  },
  {
    name: 'is at the other end of a connection that fell silent (half open)',
    options: { isProxied: true },
    begin: ({ proxy }) => proxy.fallSilent(),
    notice: /nothing is sent until .*did not answer within 1000 ms: see whether it or the network is stuck/,
    end: () => {},
  },
];

describe('a Redis that', () => {
  test.each(ODDITIES)('$name, costs no line and doubles none', async (oddity) => {
    const redis = await redisStand(oddity.options);
    const { stand } = redis;
    await oddity.prepare?.(redis);
    await writeFile(stand.path('app.log'), asText(numbered(1, 100)));
    await stand.start();
    await stand.linesOnce(100);
    await oddity.begin(redis);
    await appendFile(stand.path('app.log'), asText(numbered(101, 200)));
    await stand.noticeOnce(oddity.notice);
    await appendFile(stand.path('app.log'), asText(numbered(201, 300)));
    await oddity.end(redis);
    await appendFile(stand.path('app.log'), asText(numbered(301, 400)));
    expect(await stand.linesOnce(400)).toEqual(numbered(1, 400));
    expect(stand.notices.filter(({ message }) => oddity.notice.test(message))).toHaveLength(1);
  });
});

test('a Redis that has its data still to read when it is started again is waited for', async () => {
  const { stand, redis, client } = await redisStand({ settings: ['--key-load-delay', '250'] });
  await writeFile(stand.path('app.log'), asText(numbered(1, 100)));
  await stand.start();
  await stand.linesOnce(100);
  const pipeline = client.pipeline();
  for (let key = 0; key < 8_000; key++) pipeline.set(`ballast${key}`, 'x');
  await pipeline.exec();
  await redis.kill();
  await appendFile(stand.path('app.log'), asText(numbered(101, 200)));
  const loaded = redis.start();
  await waitFor('the agent to hear of it', () =>
    stand.notices.some(({ message }) => /until the store is back/.test(message)),
  );
  await loaded;
  expect(await stand.linesOnce(200)).toEqual(numbered(1, 200));
  expect(stand.notices.filter(({ message }) => /refuses its lines|does not take/.test(message))).toEqual([]);
});

test('scripts that Redis forgets in the middle of a pipeline (NOSCRIPT) are sent again, the lines once', async () => {
  const { stand, client } = await redisStand();
  const last = 300_000;
  await writeFile(stand.path('app.log'), asText(numbered(1, last)));
  const agent = await stand.start();
  let flushes = 0;
  for (; agent.stats().lines < last; flushes++) await client.script('FLUSH');
  expect(await stand.linesOnce(last)).toEqual(numbered(1, last));
  expect(flushes).toBeGreaterThan(10);
});
