/**
 * A TCP proxy between a client and a hub that looks at the frames the hub sends, as they are on the wire. It
 * changes nothing. For one question: was a message compressed, and how many bytes did it take?
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

export interface FrameCount {
  /** Text frames with RSV1 set: permessage-deflate (RFC 7692, section 6). */
  compressed: number;
  /** Text frames without. */
  plain: number;
  /** All that the hub sent, the HTTP response included. */
  bytes: number;
}

export class WatchingProxy implements AsyncDisposable {
  readonly frames: FrameCount = { compressed: 0, plain: 0, bytes: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(targetPort: number) {
    this.#server = createServer((client) => this.#relay(client, connect(targetPort, '127.0.0.1')));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket, hub: Socket): void {
    const watch = frameWatcher(this.frames);
    hub.on('data', watch);
    for (const socket of [client, hub]) this.#sockets.add(socket);
    // Either end may vanish at any time, as sockets do; the other one then goes as well.
    pipeline(client, hub, client, () => {
      client.destroy();
      hub.destroy();
    });
  }
}

/** Reads frame headers and steps over what they announce; a server's frames carry no mask. */
function frameWatcher(count: FrameCount): (chunk: Buffer) => void {
  let isHandshake = true;
  let unread = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    count.bytes += chunk.length;
    unread = Buffer.concat([unread, chunk]);
    if (isHandshake) {
      const end = unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      isHandshake = false;
      unread = unread.subarray(end + 4);
    }
    for (;;) {
      const passed = Math.min(skip, unread.length);
      skip -= passed;
      unread = unread.subarray(passed);
      const header = skip === 0 ? readHeader(unread) : undefined;
      if (header === undefined) return;
      if (header.opcode === 1) count[header.isCompressed ? 'compressed' : 'plain'] += 1;
      skip = header.payloadBytes;
      unread = unread.subarray(header.headerBytes);
    }
  };
}

interface FrameHeader {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** RFC 6455, section 5.2. Undefined where the header is not complete yet. */
function readHeader(bytes: Buffer): FrameHeader | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < headerBytes) return undefined;
  const long = () => (short === 127 ? Number(bytes.readBigUInt64BE(2)) : bytes.readUInt16BE(2));
  const payloadBytes = short < 126 ? short : long();
  return { opcode: first & 0x0f, isCompressed: (first & 0x40) !== 0, headerBytes, payloadBytes };
}
