/**
 * How much resident memory does a hub need for one more idle connection with one subscription? Taken between
 * a first group of connections, which brings everything into being, and a far larger second one; garbage is
 * collected before each look.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../test/support/redis-server.js';
import { residentBytes } from '../harness/processes.js';
import { type ProductProcess, startHub } from '../harness/product.js';
import { Program } from '../harness/program.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import type { IdleSettings } from '../programs/idle-subscribers.js';

const FIRST_CONNECTIONS = 200;
const COLLECTIONS = 4;
const COLLECTION_MS = 250;

/** Collects garbage on a signal, which nothing else of the hub listens to. */
const COLLECT_ON_SIGNAL = ['--expose-gc', '--import', "data:text/javascript,process.on('SIGUSR2',()=>gc())"];

export async function idleConnections(bench: Bench): Promise<Answer[]> {
  return [
    await answer(bench, 'own', 'each its own channel'),
    await answer(bench, 'shared', 'all the same channel'),
  ];
}

async function answer(bench: Bench, channels: IdleSettings['channels'], measure: string): Promise<Answer> {
  const connections = at(bench, { full: 4_000, quick: 1_000, smoke: 50 });
  bench.note(`idle-connections: ${connections}, ${measure}`);
  const bytes = await bytesPerConnection(bench, channels, connections);
  return {
    question: 'idle-connections',
    measure,
    unit: 'KiB per connection',
    runs: [bytes / 1024],
    bar: { value: 16, better: 'lower' },
    details: { connections },
  };
}

async function bytesPerConnection(
  bench: Bench,
  channels: IdleSettings['channels'],
  connections: number,
): Promise<number> {
  await using redis = await startRedis();
  await using hub = await startHub(bench, redis.url, COLLECT_ON_SIGNAL);
  const settings: IdleSettings = { port: hub.port, token: hub.token, channels };
  await using subscribers = Program.start('programs/idle-subscribers.ts', settings);
  await subscribers.next('ready');
  const before = await open(subscribers, hub.process, FIRST_CONNECTIONS);
  const after = await open(subscribers, hub.process, connections);
  return (after - before) / connections;
}

async function open(subscribers: Program, hub: ProductProcess, connections: number): Promise<number> {
  subscribers.send({ kind: 'open', connections });
  await subscribers.next('idle');
  // One collection frees, the next ones give pages back; nothing says when that is done.
  for (let count = 0; count < COLLECTIONS; count += 1) {
    hub.kill('SIGUSR2');
    await sleep(COLLECTION_MS);
  }
  return residentBytes(hub.pid);
}
