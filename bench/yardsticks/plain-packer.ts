/**
 * The yardstick beside the agent: reads one file once, packs the same batches, XADDs them pipelined. No
 * position, no retention, no rotation, no following: what remains is what packing costs at the least.
 */
import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';
import { Redis } from 'ioredis';
import { heard, say, settings } from '../harness/inside.js';

export interface PackerSettings {
  readonly redisUrl: string;
  readonly file: string;
  readonly streamKey: string;
  readonly batchRawBytes: number;
}

const COMPRESSING_MAX = 4;
const IN_FLIGHT_MAX = 8;
const LINE_FEED = 0x0a;
const DEFLATE = { level: 1, finishFlush: constants.Z_SYNC_FLUSH };
const deflate = promisify<Buffer, object, Buffer>(deflateRaw);

const { redisUrl, file, streamKey, batchRawBytes } = settings<PackerSettings>();
const redis = new Redis(redisUrl);
await redis.ping();
say('ready');
await heard('go');
say('started');
say('done', { lines: await pack() });
await heard('end');
process.exit();

async function pack(): Promise<number> {
  const compressing: { lines: number; payload: Promise<Buffer> }[] = [];
  const unanswered: Promise<unknown>[] = [];
  const sendNext = async () => {
    const { lines, payload } = compressing.shift() as (typeof compressing)[number];
    unanswered.push(redis.xadd(streamKey, '*', 'lines', lines, 'payload', await payload));
    if (unanswered.length >= IN_FLIGHT_MAX) await unanswered.shift();
  };
  let total = 0;
  for await (const texts of batches()) {
    total += texts.length;
    compressing.push({ lines: texts.length, payload: deflate(Buffer.from(JSON.stringify(texts)), DEFLATE) });
    if (compressing.length >= COMPRESSING_MAX) await sendNext();
  }
  while (compressing.length > 0) await sendNext();
  await Promise.all(unanswered);
  return total;
}

async function* batches(): AsyncGenerator<string[]> {
  let rest: Buffer = Buffer.alloc(0);
  const chunks = createReadStream(file, { highWaterMark: batchRawBytes }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.subarray(end);
    if (end > 0) yield bytes.toString('utf8', 0, end - 1).split('\n');
  }
}
