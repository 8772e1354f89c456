/**
 * A WebSocket subscriber on a plain TCP socket. It offers permessage-deflate as browsers do, never inflates,
 * never copies a payload, and so costs next to nothing: what is measured is whoever sends.
 */
import { randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';

export interface Frame {
  readonly opcode: number;
  /** RSV1: the payload is compressed. */
  readonly compressed: boolean;
  /** Bytes of the payload. */
  readonly length: number;
  /** The first bytes of the payload, at most `HEAD_BYTES_MAX`; valid only during the call. */
  readonly head: Buffer;
}

export interface RawSocketOptions {
  readonly port: number;
  readonly token: string;
  readonly path: string;
  readonly subprotocol: string;
  readonly onFrame: (frame: Frame) => void;
  readonly onEnd: (reason: string) => void;
}

/** Enough of a `lines` message to see its seq. */
const HEAD_BYTES_MAX = 512;
const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Resolves with the open socket once the server has switched protocols. */
export function openRawSocket(options: RawSocketOptions): Promise<RawSocket> {
  const socket = createConnection({ port: options.port, host: '127.0.0.1', noDelay: true });
  socket.write(handshake(options));
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      const answer = received.toString('latin1', 0, end);
      if (!answer.startsWith('HTTP/1.1 101')) return reject(new Error(`refused: ${answer}`));
      resolve(new RawSocket(socket, options, received.subarray(end + 4)));
    };
    socket.on('data', onData);
    socket.once('error', reject);
  });
}

export class RawSocket {
  readonly #socket: Socket;
  readonly #options: RawSocketOptions;
  /** Header and beginning of the frame under way, until enough of it is there. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the current payload that are still to come and to be ignored. */
  #skip = 0;

  constructor(socket: Socket, options: RawSocketOptions, early: Buffer) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('error', (error) => options.onEnd(error.message));
    socket.on('close', () => options.onEnd('the connection was closed'));
    if (early.length > 0) this.#push(early);
  }

  sendText(text: string): void {
    this.#socket.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  destroy(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #push(chunk: Buffer): void {
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    while (at < chunk.length) at = this.#take(chunk, at);
  }

  /** Reads one frame's head from `at` on; returns where to go on in the chunk. */
  #take(chunk: Buffer, at: number): number {
    const before = this.#pending.length;
    const window = chunk.subarray(at, at + HEAD_BYTES_MAX + 10);
    const bytes = before === 0 ? window : Buffer.concat([this.#pending, window]);
    const frame = readHead(bytes);
    if (frame === undefined) {
      this.#pending = Buffer.from(bytes);
      return at + window.length;
    }
    this.#pending = Buffer.alloc(0);
    this.#arrived(frame);
    const end = at - before + frame.headerBytes + frame.length;
    this.#skip = Math.max(0, end - chunk.length);
    return Math.min(end, chunk.length);
  }

  #arrived(frame: Frame): void {
    if (frame.opcode === OPCODE.ping) this.#socket.write(clientFrame(OPCODE.pong, Buffer.from(frame.head)));
    if (frame.opcode === OPCODE.close) this.#options.onEnd(closeText(frame.head));
    this.#options.onFrame(frame);
  }
}

/** The frame at the start of the bytes, or undefined while too little of it is there. */
function readHead(bytes: Buffer): (Frame & { readonly headerBytes: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = bytes as unknown as [number, number];
  const short = second & 0x7f;
  const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < headerBytes) return undefined;
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const headEnd = headerBytes + Math.min(length, HEAD_BYTES_MAX);
  if (bytes.length < headEnd) return undefined;
  const head = bytes.subarray(headerBytes, headEnd);
  return { opcode: first & 0x0f, compressed: (first & 0x40) !== 0, length, head, headerBytes };
}

function handshake({ port, path, token, subprotocol }: RawSocketOptions): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    `Authorization: Bearer ${token}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Masked as RFC 6455 demands, with a mask of zeros: nothing on the way here needs protection from the text. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const extended = payload.length > 125;
  const header = Buffer.alloc(extended ? 8 : 6);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (extended ? 126 : payload.length);
  if (extended) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

function closeText(payload: Buffer): string {
  return payload.length < 2
    ? 'closed'
    : `closed with ${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
}
