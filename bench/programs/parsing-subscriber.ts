/** One subscriber of one channel: `ws` and `JSON.parse`, nothing else, as a custom client would be. */
import { WebSocket } from 'ws';
import { HUB_MESSAGE_BYTES_MAX } from '../../shared/protocol/limits.js';
import { SUBPROTOCOL, WEBSOCKET_PATH } from '../../shared/protocol/messages.js';
import type { SubscriberSettings } from '../harness/delivery.js';
import { heard, say, settings } from '../harness/inside.js';

interface AnyMessage {
  readonly type: string;
  readonly seq: number;
  readonly lines: readonly string[];
}

const PROGRESS_EVERY_MS = 10;

/** A message inflates to some 260 KiB: the default of 16 KiB costs a turn of the thread pool for each piece. */
const INFLATE_CHUNK_BYTES = 256 * 1024;

const options = settings<SubscriberSettings>();
let receivedLines = 0;
let characters = 0;

const socket = new WebSocket(`ws://127.0.0.1:${options.port}${WEBSOCKET_PATH}`, SUBPROTOCOL, {
  headers: { authorization: `Bearer ${options.token}` },
  maxPayload: HUB_MESSAGE_BYTES_MAX,
  perMessageDeflate: { zlibInflateOptions: { chunkSize: INFLATE_CHUNK_BYTES } },
});
socket.on('error', (error) => fail(error.message));
socket.on('close', (code, reason) => fail(`closed with ${code} ${reason}`));
socket.on('message', (data: Buffer) => receive(JSON.parse(data.toString('utf8')) as AnyMessage));
socket.on('open', () => {
  say('ready');
  if (options.channel === '') say('subscribed');
  else ask();
});
setInterval(() => say('progress', { lines: receivedLines }), PROGRESS_EVERY_MS);
await heard('end');
process.exit();

function ask(): void {
  say('asked');
  socket.send(JSON.stringify({ type: 'subscribe', channel: options.channel, from: 'start' }));
}

function receive(message: AnyMessage): void {
  if (message.type === 'lines') take(message);
  if (message.type === 'subscribed') say('subscribed');
  if (message.type === 'error' || message.type === 'gap') fail(JSON.stringify(message));
}

function take({ seq, lines }: AnyMessage): void {
  if (seq !== receivedLines + 1) fail(`seq ${seq} came where ${receivedLines + 1} was due`);
  receivedLines += lines.length;
  // Every line is looked at, as a reader would.
  for (const line of lines) characters += line.length;
  if (receivedLines >= options.totalLines) say('done', { deliveries: receivedLines, characters });
}

function fail(reason: string): never {
  console.error(`parsing subscriber: ${reason}`);
  process.exit(1);
}
