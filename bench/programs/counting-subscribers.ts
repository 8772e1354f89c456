/**
 * Many subscribers of one channel on raw sockets. Nothing is inflated: the header of a spliced frame is a
 * stored block, so its seq is readable as it is, and how many lines a batch at a seq has is known. Each
 * connection must see every batch once, in order.
 */
import { SUBPROTOCOL, WEBSOCKET_PATH } from '../../shared/protocol/messages.js';
import type { SubscriberSettings } from '../harness/delivery.js';
import { heard, say, settings } from '../harness/inside.js';
import { type Frame, openRawSocket, type RawSocket } from '../harness/raw-socket.js';

interface Count {
  batches: number;
  lines: number;
}

const PROGRESS_EVERY_MS = 10;
/** Control messages are shorter, batches of the feeder far longer. */
const LINES_FRAME_BYTES_MIN = 2_048;

const options = settings<SubscriberSettings>();
const totals = { deliveries: 0, frames: 0, bytes: 0, compressed: 0 };
const counts: Count[] = [];
let unsubscribed = options.connections;
let unfinished = options.connections;

const sockets: RawSocket[] = [];
for (let index = 0; index < options.connections; index += 1) sockets.push(await open());
say('ready');
if (options.channel === '') say('subscribed');
else ask();
setInterval(progress, PROGRESS_EVERY_MS);
await heard('end');
process.exit();

function open(): Promise<RawSocket> {
  const count: Count = { batches: 0, lines: 0 };
  counts.push(count);
  return openRawSocket({
    port: options.port,
    token: options.token,
    path: WEBSOCKET_PATH,
    subprotocol: SUBPROTOCOL,
    onFrame: (frame) => (frame.length < LINES_FRAME_BYTES_MIN ? control(frame) : lines(count, frame)),
    onEnd: fail,
  });
}

function ask(): void {
  say('asked');
  const request = JSON.stringify({ type: 'subscribe', channel: options.channel, from: 'start' });
  for (const socket of sockets) socket.sendText(request);
}

function control(frame: Frame): void {
  const text = frame.head.toString('utf8');
  if (text.includes('"type":"error"') || text.includes('"type":"gap"')) fail(text);
  if (!text.includes('"type":"subscribed"')) return;
  unsubscribed -= 1;
  if (unsubscribed === 0) say('subscribed');
}

function lines(count: Count, frame: Frame): void {
  const seq = /"seq":(\d+)/.exec(frame.head.toString('latin1'))?.[1];
  if (Number(seq) !== count.lines + 1) fail(`seq ${seq} came where ${count.lines + 1} was due`);
  const batchLines = options.batchLines[count.batches % options.batchLines.length] as number;
  count.batches += 1;
  count.lines += batchLines;
  totals.deliveries += batchLines;
  totals.frames += 1;
  totals.bytes += frame.length;
  if (frame.compressed) totals.compressed += 1;
  if (count.batches < options.batches) return;
  unfinished -= 1;
  if (unfinished === 0) say('done', totals);
}

function progress(): void {
  if (unfinished > 0) say('progress', { lines: Math.min(...counts.map((count) => count.lines)) });
}

function fail(reason: string): never {
  console.error(`counting subscribers: ${reason}`);
  process.exit(1);
}
