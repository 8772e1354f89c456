/**
 * The yardstick beside the hub: reads a stream of packed batches with XREAD and writes each to every socket
 * as one spliced WebSocket frame. No authentication, no cursors, no check of what it relays, no bounds but
 * that it waits for the slowest socket.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { heard, say, settings } from '../harness/inside.js';

export interface RelaySettings {
  readonly redisUrl: string;
  readonly streamKey: string;
  readonly batchLines: readonly number[];
}

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TAIL_BLOCK = storedBlock('}');
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
const PAGE_BATCHES = 16;
const BLOCK_MS = 1_000;

const options = settings<RelaySettings>();
const redis = new Redis(options.redisUrl);
const sockets: Socket[] = [];
const server = createServer((socket) => {
  socket.setNoDelay(true).on('error', () => {});
  socket.once('data', (request: Buffer) => {
    socket.write(switchProtocols(request.toString('latin1')));
    sockets.push(socket);
  });
});
server.listen(0, '127.0.0.1', () => say('ready', { port: (server.address() as AddressInfo).port }));

await heard('go');
say('started');
await relay();

async function relay(): Promise<void> {
  let after = '0-0';
  let seq = 1;
  for (let batch = 0; ; ) {
    for (const [entry, fields] of await page(after)) {
      const frame = spliced(seq, largest(fields));
      for (const socket of sockets) socket.write(frame);
      seq += options.batchLines[batch % options.batchLines.length] as number;
      batch += 1;
      after = entry.toString();
      for (const socket of sockets) if (socket.writableLength > UNSENT_BYTES_MAX) await once(socket, 'drain');
    }
  }
}

type Entry = [id: Buffer, fields: Buffer[]];

async function page(after: string): Promise<Entry[]> {
  const { streamKey } = options;
  const reply = await redis.xreadBuffer(
    'COUNT',
    PAGE_BATCHES,
    'BLOCK',
    BLOCK_MS,
    'STREAMS',
    streamKey,
    after,
  );
  return (reply?.[0]?.[1] as Entry[] | undefined) ?? [];
}

/** Whatever the fields are called: the payload is by far the longest. */
function largest(fields: readonly Buffer[]): Buffer {
  return fields.reduce((longest, field) => (field.length > longest.length ? field : longest));
}

function spliced(seq: number, payload: Buffer): Buffer {
  const body = [storedBlock(`{"type":"lines","seq":${seq},"lines":`), payload, TAIL_BLOCK];
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(length > 0xffff ? 10 : 4);
  header[0] = 0xc1;
  header[1] = length > 0xffff ? 127 : 126;
  if (length > 0xffff) header.writeBigUInt64BE(BigInt(length), 2);
  else header.writeUInt16BE(length, 2);
  return Buffer.concat([header, ...body]);
}

/** RFC 1951, 3.2.4: not the last block, not compressed, its length and the complement of it. */
function storedBlock(text: string): Buffer {
  const block = Buffer.alloc(5 + text.length);
  block.writeUInt16LE(text.length, 1);
  block.writeUInt16LE(~text.length & 0xffff, 3);
  block.write(text, 5, 'latin1');
  return block;
}

function switchProtocols(request: string): string {
  const key = /^sec-websocket-key: (.+)\r$/im.exec(request)?.[1] ?? '';
  const subprotocol = /^sec-websocket-protocol: ([^,\r]+)/im.exec(request)?.[1] ?? '';
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1')
      .update(key + ACCEPT_GUID)
      .digest('base64')}`,
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
