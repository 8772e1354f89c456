/**
 * Any number of clients that come and go as they like, against one growing channel and bounds so tight that
 * every way of a frame is taken: each must end with every line once, in order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubscribeMessage } from '../../shared/protocol/messages.js';
import type { HubClient } from '../support/hub-client.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const CLIENTS = 12;
const BATCHES = 150;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** A small generator (mulberry32), so that a seed repeats the choices; the timing stays the machine's. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function appendAll(rig: HubRig, random: (below: number) => number): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const count = 1 + random(60);
    await rig.append('web', numbered('a line of the one channel, number ', count, total + 1));
    total += count;
  }
  return total;
}

/** One reader: the lines it got, where it goes on, and how it chooses. */
class Reader {
  readonly seqs: number[] = [];
  readonly #rigs: readonly HubRig[];
  readonly #token: string;
  readonly #random: (below: number) => number;
  #cursor: string | undefined;

  constructor(rigs: readonly HubRig[], token: string, seed: number) {
    this.#rigs = rigs;
    this.#token = token;
    this.#random = randomOf(seed);
  }

  async readAll(appended: Promise<number>): Promise<void> {
    let total: number | undefined;
    const known = appended.then((value) => {
      total = value;
    });
    while (total === undefined || this.seqs.length < total) {
      const rig = this.#rigs[this.#random(this.#rigs.length)] as HubRig;
      const client = await rig.client({ token: this.#token, deflate: this.#random(2) === 0 });
      await this.#visit(client, total === undefined ? known : undefined);
      client.webSocket.terminate();
    }
  }

  /** Reads some messages and leaves; `end` tells that no more may come. */
  async #visit(client: HubClient, end: Promise<void> | undefined): Promise<void> {
    const request = this.#request();
    client.send(request);
    const messages = end === undefined ? 1 : 1 + this.#random(20);
    for (let count = 0; count < messages; count += 1) {
      const next = client.next('lines', 'web');
      const message = await (end === undefined ? next : Promise.race([next, end]));
      if (message === undefined) return;
      this.seqs.push(...message.lines.map((_line, index) => message.seq + index));
      this.#cursor = message.cursor;
      if (request.window !== undefined) client.send({ type: 'ack', channel: 'web', cursor: message.cursor });
    }
  }

  #request(): SubscribeMessage {
    const cursor = this.#cursor;
    const isPattern = this.#random(3) === 0;
    const byMap = isPattern || this.#random(2) === 0;
    const resumed = cursor === undefined ? 'start' : byMap ? { cursors: { web: cursor } } : { cursor };
    const window = this.#random(3) === 0 ? { window: 1 + this.#random(50) } : {};
    return { type: 'subscribe', channel: isPattern ? 'w*' : 'web', from: resumed, ...window };
  }
}

test.each([1, 2, 3])('every client gets every line once and in order (seed %i)', async (seed) => {
  const limits = { pageBytesMax: 300, ringBytesMax: 4_000, framesBytesMax: 20_000, outboxBytesMax: 500 };
  const rigs = [
    await startHubRig({ redisUrl: redis.url, limits }),
    await startHubRig({ redisUrl: redis.url, limits: { ...limits, ringBytesMax: 1 } }),
  ];
  const writer = rigs[0] as HubRig;
  const last = appendAll(writer, randomOf(seed));
  const readers = Array.from(
    { length: CLIENTS },
    (_, index) => new Reader(rigs, writer.token(), seed * 1_000 + index),
  );
  await Promise.all(readers.map((reader) => reader.readAll(last)));
  const expected = Array.from({ length: await last }, (_, index) => index + 1);
  for (const { seqs } of readers) expect(seqs).toEqual(expected);
});
