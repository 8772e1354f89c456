/** The counting socket of the benchmarks is what figures rest on: it must miss no frame and make none up. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openRawSocket } from '../../bench/harness/raw-socket.js';

const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
const LENGTHS = [0, 1, 125, 126, 511, 512, 513, 65_535, 65_536, 300_000];

interface Seen {
  readonly opcode: number;
  readonly compressed: boolean;
  readonly length: number;
  readonly head: string;
}

for (const pieceBytes of [1, 7, 513, 65_536, Number.POSITIVE_INFINITY]) {
  test(`sees every frame once, whole and in order, in pieces of ${pieceBytes} bytes`, async () => {
    const lengths = pieceBytes < 500 ? LENGTHS.filter((length) => length < 1_000) : LENGTHS;
    const stream = Buffer.concat([Buffer.from(ACCEPTED), ...lengths.map(frame)]);
    const seen = await receive(await serve(stream, pieceBytes), lengths.length);
    expect(seen.map(({ length }) => length)).toEqual(lengths);
    expect(seen.map(({ compressed }) => compressed)).toEqual(lengths.map((length) => length % 2 === 1));
    expect(seen.every(({ head, length }, index) => head === text(index, length).slice(0, 512))).toBe(true);
  });
}

test('says why when the server refuses', async () => {
  const port = await serve(Buffer.from('HTTP/1.1 401 Unauthorized\r\n\r\n'), Number.POSITIVE_INFINITY);
  await expect(receive(port, 1)).rejects.toThrow('401 Unauthorized');
});

function text(index: number, length: number): string {
  return `${index},`.repeat(length).slice(0, length);
}

function frame(length: number, index: number): Buffer {
  const header = Buffer.alloc(length > 0xffff ? 10 : length > 125 ? 4 : 2);
  header[0] = length % 2 === 1 ? 0xc1 : 0x81;
  header[1] = length > 0xffff ? 127 : length > 125 ? 126 : length;
  if (length > 0xffff) header.writeBigUInt64BE(BigInt(length), 2);
  else if (length > 125) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, Buffer.from(text(index, length))]);
}

/** Answers any request with the bytes, cut into pieces that arrive one by one. */
async function serve(bytes: Buffer, pieceBytes: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('data', () => sendInPieces(socket, bytes, Math.min(pieceBytes, bytes.length)));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function sendInPieces(socket: Socket, bytes: Buffer, pieceBytes: number): void {
  if (bytes.length === 0) return;
  socket.write(bytes.subarray(0, pieceBytes));
  setImmediate(sendInPieces, socket, bytes.subarray(pieceBytes), pieceBytes);
}

async function receive(port: number, frames: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  return new Promise((resolve, reject) => {
    openRawSocket({
      port,
      token: 'none',
      path: '/',
      subprotocol: 'none',
      onFrame: ({ opcode, compressed, length, head }) => {
        seen.push({ opcode, compressed, length, head: head.toString() });
        if (seen.length === frames) resolve(seen);
      },
      onEnd: (reason) => reject(new Error(reason)),
    }).then((socket) => onTestFinished(() => socket.destroy()), reject);
  });
}
