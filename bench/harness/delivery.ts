/**
 * Runs of delivery: what is appended at one end is received at the other, through the hub or through the
 * yardstick. The clock starts with the first append (live) or with the request (backlog) and stops when the
 * slowest subscriber has the last line.
 */
import { startRedis } from '../../test/support/redis-server.js';
import { cpuSeconds } from './processes.js';
import { type RunningHub, startHub, TENANT } from './product.js';
import { type Message, Program, secondsBetween } from './program.js';
import type { Bench } from './question.js';

/** What every subscriber program takes. */
export interface SubscriberSettings {
  readonly dist: string;
  readonly port: number;
  readonly token: string;
  readonly connections: number;
  /** Empty for the yardstick, which needs no request. */
  readonly channel: string;
  /** Lines of each batch; repeated as often as needed. */
  readonly batchLines: readonly number[];
  readonly batches: number;
  readonly totalLines: number;
}

export interface Delivery {
  readonly seconds: number;
  /** Lines × subscribers. */
  readonly deliveries: number;
  /** Processor time of the process that relays, in seconds. */
  readonly relayCpuSeconds: number;
}

export interface DeliveryPlan {
  /** Program of the subscribers, relative to bench/. */
  readonly subscribers: string;
  readonly connections: number;
  readonly batches: number;
  /** Whether lines are appended while they are received, or all of them before. */
  readonly live: boolean;
}

/** Batches that differ; they are appended over and over. */
const DISTINCT_BATCHES = 120;

/** Live means near the tip: the feeder is never further ahead of the slowest subscriber than this. */
const AHEAD_BATCHES_MAX = 64;

const NO_AOF_REWRITE = ['--auto-aof-rewrite-percentage', '0'];

interface Equipment {
  readonly bench: Bench;
  readonly redisUrl: string;
  readonly hub: RunningHub;
  readonly feeder: Program;
  readonly batchLines: readonly number[];
}

/** Starts a Redis, a hub and a feeder that stay for all runs of a question, and stops them. */
export async function withDelivery<T>(
  bench: Bench,
  ask: (delivery: DeliveryBench) => Promise<T>,
): Promise<T> {
  await using redis = await startRedis({ settings: NO_AOF_REWRITE });
  await using hub = await startHub(bench, redis.url);
  const settings = { dist: bench.dist, redisUrl: redis.url, distinctBatches: DISTINCT_BATCHES };
  await using feeder = Program.start('programs/feeder.ts', settings);
  const { batchLines } = await feeder.next('ready');
  return await ask(
    new DeliveryBench({ bench, redisUrl: redis.url, hub, feeder, batchLines: batchLines as number[] }),
  );
}

/** Each run has a channel of its own. */
export class DeliveryBench {
  readonly #equipment: Equipment;
  #runs = 0;

  constructor(equipment: Equipment) {
    this.#equipment = equipment;
  }

  async throughHub(plan: DeliveryPlan): Promise<Delivery> {
    const { port, token, process } = this.#equipment.hub;
    const channel = await this.#prepareChannel(plan);
    const cpuBefore = cpuSeconds(process.pid);
    await using subscribers = this.#subscribe(plan, port, token, channel);
    const asked = await subscribers.next('asked');
    const started = plan.live ? await this.#feedLive(subscribers, channel, plan) : asked;
    const [done] = await Promise.all([
      subscribers.next('done'),
      plan.live && this.#equipment.feeder.next('fed'),
    ]);
    return measured(started, done, cpuSeconds(process.pid) - cpuBefore);
  }

  async throughPlainRelay(plan: DeliveryPlan): Promise<Delivery> {
    const { redisUrl, batchLines } = this.#equipment;
    const channel = await this.#prepareChannel(plan);
    const streamKey = `tailrace:{${TENANT}/${channel}}:log`;
    await using relay = Program.start('yardsticks/plain-relay.ts', { redisUrl, streamKey, batchLines });
    const { port } = await relay.next('ready');
    const cpuBefore = cpuSeconds(relay.pid);
    await using subscribers = this.#subscribe(plan, Number(port), 'none', '');
    await subscribers.next('ready');
    relay.send({ kind: 'go' });
    const asked = await relay.next('started');
    const started = plan.live ? await this.#feedLive(subscribers, channel, plan) : asked;
    const [done] = await Promise.all([
      subscribers.next('done'),
      plan.live && this.#equipment.feeder.next('fed'),
    ]);
    return measured(started, done, cpuSeconds(relay.pid) - cpuBefore);
  }

  async #prepareChannel({ live, batches }: DeliveryPlan): Promise<string> {
    const { feeder } = this.#equipment;
    this.#runs += 1;
    const channel = `run-${this.#runs}`;
    if (live) return channel;
    feeder.send({ kind: 'feed', tenant: TENANT, channel, batches });
    await feeder.next('started');
    await feeder.next('fed');
    return channel;
  }

  #subscribe(plan: DeliveryPlan, port: number, token: string, channel: string): Program {
    const { bench, batchLines } = this.#equipment;
    const { connections, batches } = plan;
    const totalLines = linesOf(batches, batchLines);
    const settings = { dist: bench.dist, port, token, connections, channel, batchLines, batches, totalLines };
    return Program.start(plan.subscribers, settings satisfies SubscriberSettings);
  }

  /** Resolves with the message that says that the first append is about to be made. */
  async #feedLive(subscribers: Program, channel: string, { batches }: DeliveryPlan): Promise<Message> {
    const { feeder, batchLines } = this.#equipment;
    const aheadLinesMax = linesOf(AHEAD_BATCHES_MAX, batchLines);
    await subscribers.next('subscribed');
    subscribers.onProgress(({ lines }) => feeder.send({ kind: 'received', channel, lines }));
    feeder.send({ kind: 'feed', tenant: TENANT, channel, batches, aheadLinesMax });
    return await feeder.next('started');
  }
}

function linesOf(batches: number, batchLines: readonly number[]): number {
  let lines = 0;
  for (let index = 0; index < batches; index += 1) lines += batchLines[index % batchLines.length] ?? 0;
  return lines;
}

function measured(started: Message, done: Message, relayCpuSeconds: number): Delivery {
  return { seconds: secondsBetween(started, done), deliveries: Number(done['deliveries']), relayCpuSeconds };
}
