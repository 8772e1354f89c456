/**
 * Appends packed batches to one channel at the full rate of the store, through the product's own writer, but
 * never further ahead of the slowest subscriber than it is told: a live rate, not a backlog, is measured.
 */

import type { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import type { encodePayload } from '../../shared/store/payload.js';
import type { openRedisWriter } from '../../shared/store/redis/index.js';
import { built, hear, heard, say, settings } from '../harness/inside.js';
import { type PackedBatch, packAccessLog } from '../harness/packing.js';

export interface FeederSettings {
  readonly dist: string;
  readonly redisUrl: string;
  /** Batches that differ; they are appended over and over. */
  readonly distinctBatches: number;
}

export interface FeedOrder {
  readonly tenant: string;
  readonly channel: string;
  readonly batches: number;
  /** Lines appended and not yet received by every subscriber; absent to append without looking. */
  readonly aheadLinesMax?: number;
}

const IN_FLIGHT_MAX = 8;
const RETENTION = { bytes: 2 ** 40, ageMs: 2 ** 40 };
const SOURCE = 'bench';
const DESCRIPTION = {
  host: 'bench',
  path: '/var/log/nginx/access.log',
  device: '1',
  inode: '1',
  generation: 1,
  labels: {},
};

const { dist, redisUrl, distinctBatches } = settings<FeederSettings>();
const store = await built<{ openRedisWriter: typeof openRedisWriter }>(dist, 'shared/store/redis/index.js');
const payloads = await built<{ encodePayload: typeof encodePayload }>(dist, 'shared/store/payload.js');
const limits = await built<{ BATCH_RAW_BYTES_MAX: typeof BATCH_RAW_BYTES_MAX }>(
  dist,
  'shared/protocol/limits.js',
);
const packed = await packAccessLog(distinctBatches, limits.BATCH_RAW_BYTES_MAX, payloads.encodePayload);
const writer = store.openRedisWriter({ url: redisUrl, retention: RETENTION });

let receivedLines = 0;
let onReceived: () => void = () => {};
let channel = '';
hear<{ channel: string; lines: number }>('received', (received) => {
  if (received.channel !== channel) return;
  receivedLines = received.lines;
  onReceived();
});

say('ready', { batchLines: packed.map((batch) => batch.lines) });
while (true) await feed(await heard<FeedOrder>('feed'));

async function feed(order: FeedOrder): Promise<void> {
  receivedLines = 0;
  channel = order.channel;
  const id = { tenant: order.tenant, channel: order.channel };
  await writer.openSource(id, SOURCE, DESCRIPTION, { offset: 0, mark: '' });
  say('started');
  const underWay: Promise<void>[] = [];
  let lines = 0;
  let offset = 0;
  for (let index = 0; index < order.batches; index += 1) {
    const batch = packed[index % packed.length] as PackedBatch;
    lines += batch.lines;
    while (lines - receivedLines > (order.aheadLinesMax ?? Number.POSITIVE_INFINITY)) await nextReceived();
    underWay.push(append(writer, order, batch, offset));
    offset += batch.rawBytes;
    if (underWay.length >= IN_FLIGHT_MAX) await underWay.shift();
  }
  await Promise.all(underWay);
  say('fed', { lines });
}

async function append(
  to: LogWriter,
  order: FeedOrder,
  packedBatch: PackedBatch,
  offset: number,
): Promise<void> {
  const { lines, rawBytes, encoding, payload } = packedBatch;
  const batch = { source: SOURCE, from: offset, to: offset + rawBytes, lines, encoding, payload, cut: [] };
  const outcome = await to.append({ tenant: order.tenant, channel: order.channel }, batch, '');
  if (outcome.kind !== 'appended') throw new Error(`the store answered ${outcome.kind}`);
}

function nextReceived(): Promise<void> {
  return new Promise((resolve) => {
    onReceived = resolve;
  });
}
