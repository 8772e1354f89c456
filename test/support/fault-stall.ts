/**
 * A hub with two clients of one channel, of which one stops reading: what passes meanwhile, what the hub holds
 * in memory for it, and how the other client fares.
 */
import { join } from 'node:path';
import { Flood, OrderCheck } from './fault-flood.js';
import { residentBytes } from './fault-memory.js';
import { openRawClient, type RawClient } from './fault-raw-client.js';
import { type FaultStack, type Hub, type HubExtras, startStack } from './fault-stack.js';

const MB = 1e6;
const BASELINE_BYTES = 60 * MB;
const CHUNK_BYTES = 4 * MB;
const PROBES = 100;

export interface StallReport {
  /** By how much the hub's memory rose above the most that it held while both clients read. */
  readonly growthBytes: number;
  /** What the healthy client's socket has read and the stalled one's has not. */
  readonly bytesHeldBack: number;
  /** The healthy client's median latency during the stall, as a multiple of the one before. */
  readonly slowdown: number;
}

interface Subscriber {
  readonly client: RawClient;
  readonly lines: OrderCheck;
}

export class Stall implements AsyncDisposable {
  readonly #stack: FaultStack;
  readonly #hub: Hub;
  readonly #flood: Flood;
  readonly #healthy: Subscriber;
  readonly #slow: Subscriber;
  #peakBefore = 0;

  constructor(stack: FaultStack, hub: Hub, flood: Flood, healthy: Subscriber, slow: Subscriber) {
    this.#stack = stack;
    this.#hub = hub;
    this.#flood = flood;
    this.#healthy = healthy;
    this.#slow = slow;
  }

  /** Both read, then one stops until `bytes` have passed, at least for `seconds`. It still reads nothing then. */
  async measure(bytes: number, seconds: number): Promise<StallReport> {
    this.#peakBefore = await this.#pass(BASELINE_BYTES);
    await this.#slow.lines.reaches(this.#flood.lines);
    const latencyBefore = await this.#medianLatency();
    const endMs = performance.now() + seconds * 1000;
    this.#slow.client.stopReading();
    const ahead = this.#bytesAhead();
    let peak = await this.#pass(bytes);
    const slowdown = (await this.#medianLatency()) / latencyBefore;
    while (performance.now() < endMs) peak = Math.max(peak, await this.#pass(1));
    if (this.#slow.client.isClosed) throw new Error('the hub gave the slow client up');
    return { growthBytes: peak - this.#peakBefore, bytesHeldBack: this.#bytesAhead() - ahead, slowdown };
  }

  /** The slow client reads again; resolves when it has every line. Returns the memory as in `growthBytes`. */
  async catchUp(): Promise<number> {
    this.#slow.client.readAgain();
    let peak = 0;
    while (this.#slow.lines.lines < this.#flood.lines) {
      await this.#slow.lines.reaches(Math.min(this.#slow.lines.lines + 1_000, this.#flood.lines));
      peak = Math.max(peak, this.#memory());
    }
    return peak - this.#peakBefore;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#healthy.client[Symbol.dispose]();
    this.#slow.client[Symbol.dispose]();
    await this.#stack[Symbol.asyncDispose]();
  }

  #memory(): number {
    return residentBytes(this.#hub.process.pid);
  }

  #bytesAhead(): number {
    return this.#healthy.client.bytesRead - this.#slow.client.bytesRead;
  }

  /** Writes, never far ahead of the healthy client, and returns the most memory that the hub held meanwhile. */
  async #pass(bytes: number): Promise<number> {
    let peak = this.#memory();
    const end = this.#flood.bytes + bytes;
    while (this.#flood.bytes < end) {
      const before = this.#flood.lines;
      this.#flood.write(Math.min(CHUNK_BYTES, end - this.#flood.bytes));
      await this.#healthy.lines.reaches(before);
      peak = Math.max(peak, this.#memory());
    }
    await this.#healthy.lines.reaches(this.#flood.lines);
    return Math.max(peak, this.#memory());
  }

  /** From writing a line to having it, one line at a time, in milliseconds. */
  async #medianLatency(): Promise<number> {
    const latencies: number[] = [];
    for (let probe = 0; probe < PROBES; probe += 1) {
      const startMs = performance.now();
      this.#flood.write(1);
      await this.#healthy.lines.reaches(this.#flood.lines);
      latencies.push(performance.now() - startMs);
    }
    return latencies.sort((a, b) => a - b)[PROBES / 2] as number;
  }
}

export async function startStall(extras: HubExtras = {}): Promise<Stall> {
  const stack = await startStack();
  const file = join(stack.directory, 'app.log');
  const flood = new Flood(file);
  flood.write(1);
  await stack.startAgent({ tenant: 'acme', sources: [{ include: [file], channel: 'app' }] });
  const hub = await stack.startHub(extras);
  const token = await stack.token('acme', 'app');
  const subscribers = [await subscribe(hub.url, token), await subscribe(hub.url, token)] as const;
  return new Stall(stack, hub, flood, ...subscribers);
}

async function subscribe(url: string, token: string): Promise<Subscriber> {
  const lines = new OrderCheck();
  const client = await openRawClient({ url, token, onMessage: lines.take });
  client.send({ type: 'subscribe', channel: 'app', from: 'start' });
  await lines.reaches(1);
  return { client, lines };
}
