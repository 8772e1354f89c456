/**
 * A TCP proxy between clients and a hub that harms what passes: cuts connections at a byte of the hub's
 * answer, or leaves out whole WebSocket frames. It neither delays nor changes anything else.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface CuttingProxyOptions {
  /** Asked at each connection: after how many bytes from the hub it is cut. Default: never. */
  readonly cutAfterBytes?: () => number;
  /** Asked for each text frame from the hub, counted from 1 over all connections: whether it is left out. */
  readonly drops?: (frame: number) => boolean;
}

export class CuttingProxy implements AsyncDisposable {
  /** Over all connections. */
  connections = 0;
  bytesFromHub = 0;
  droppedFrames = 0;
  readonly #server: Server;
  readonly #options: CuttingProxyOptions;
  readonly #sockets = new Set<Socket>();
  #textFrames = 0;

  constructor(targetUrl: string, options: CuttingProxyOptions) {
    const { port } = new URL(targetUrl);
    this.#options = options;
    this.#server = createServer((client) => this.#relay(client, connect(Number(port), '127.0.0.1')));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/ws`;
  }

  /** Cuts every connection that is open now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket, hub: Socket): void {
    this.connections += 1;
    let left = this.#options.cutAfterBytes?.() ?? Number.POSITIVE_INFINITY;
    const { drops } = this.#options;
    const frames =
      drops === undefined
        ? undefined
        : new FrameFilter((opcode) => opcode !== TEXT || !this.#leavesOut(drops));
    client.pipe(hub);
    hub.on('data', (chunk) => {
      this.bytesFromHub += chunk.length;
      const passed = (frames?.pass(chunk) ?? chunk).subarray(0, left);
      left -= passed.length;
      if (passed.length > 0 && !client.write(passed)) hub.pause();
      // Not `destroy`: the bytes before the cut are to arrive.
      if (left === 0) client.destroySoon();
    });
    client.on('drain', () => hub.resume());
    for (const [socket, other] of [
      [client, hub],
      [hub, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  #leavesOut(drops: (frame: number) => boolean): boolean {
    this.#textFrames += 1;
    const isDropped = drops(this.#textFrames);
    if (isDropped) this.droppedFrames += 1;
    return isDropped;
  }
}

export async function startCuttingProxy(
  targetUrl: string,
  options: CuttingProxyOptions = {},
): Promise<CuttingProxy> {
  const proxy = new CuttingProxy(targetUrl, options);
  await proxy.listen();
  return proxy;
}

const TEXT = 1;

/** Passes the handshake and whole frames that are wanted. A server's frames have no mask (RFC 6455, 5.1). */
class FrameFilter {
  readonly #keeps: (opcode: number) => boolean;
  #buffered = Buffer.alloc(0);
  #isHandshake = true;

  constructor(keeps: (opcode: number) => boolean) {
    this.#keeps = keeps;
  }

  pass(chunk: Buffer): Buffer {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    const passed: Buffer[] = [];
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) passed.push(piece);
    return Buffer.concat(passed);
  }

  /** The handshake or the next frame, empty if it is left out; undefined while it is not complete. */
  #take(): Buffer | undefined {
    const end = this.#isHandshake ? handshakeEnd(this.#buffered) : frameEnd(this.#buffered);
    if (end === undefined || end > this.#buffered.length) return undefined;
    const piece = this.#buffered.subarray(0, end);
    this.#buffered = this.#buffered.subarray(end);
    const isKept = this.#isHandshake || this.#keeps((piece[0] ?? 0) & 0x0f);
    this.#isHandshake = false;
    return isKept ? piece : Buffer.alloc(0);
  }
}

function handshakeEnd(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  return end === -1 ? undefined : end + 4;
}

function frameEnd(bytes: Buffer): number | undefined {
  const length = bytes.length < 2 ? undefined : (bytes[1] ?? 0) & 0x7f;
  if (length === undefined) return undefined;
  if (length < 126) return 2 + length;
  if (length === 126) return bytes.length < 4 ? undefined : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + Number(bytes.readBigUInt64BE(2));
}
