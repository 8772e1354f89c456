/**
 * A client with nothing but a WebSocket library, for tests that must see what is on the wire: every message
 * as it came, how many bytes the socket has read, and a socket that can stop reading altogether.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientMessage, HubMessage, HubMessageOf } from '../../shared/protocol/index.js';
import { SUBPROTOCOL } from '../../shared/protocol/index.js';
import { Bell } from './fault-bell.js';

export interface RawClientOptions {
  readonly url: string;
  readonly token: string;
  /** Whether permessage-deflate is offered. */
  readonly deflate?: boolean;
  /** Takes messages instead of the queue, for streams that are longer than memory. */
  readonly onMessage?: (message: HubMessage) => void;
}

export class RawClient implements Disposable {
  readonly #webSocket: WebSocket;
  #socket: Socket | undefined;
  readonly #queue: string[] = [];
  readonly #bell = new Bell();
  #closed: Error | undefined;

  /** Listens at once: the first message may come with the answer to the handshake. */
  constructor(webSocket: WebSocket, onMessage?: (message: HubMessage) => void) {
    this.#webSocket = webSocket;
    webSocket.on('upgrade', (response) => {
      this.#socket = response.socket;
    });
    webSocket.on('message', (data) => {
      const text = String(data);
      if (onMessage === undefined) this.#enqueue(text);
      else onMessage(JSON.parse(text) as HubMessage);
    });
    webSocket.on('close', (code, reason) => this.#end(new Error(`closed with ${code} ${String(reason)}`)));
    webSocket.on('error', (error) => this.#end(error));
  }

  /** Bytes that have left the kernel's buffers for this process. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  get extensions(): string {
    return this.#webSocket.extensions;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  send(message: ClientMessage): void {
    this.#webSocket.send(JSON.stringify(message));
  }

  /** The next message as it came. Rejects when the connection closes first. */
  async receiveText(): Promise<string> {
    for (;;) {
      const text = this.#queue.shift();
      if (text !== undefined) return text;
      if (this.#closed !== undefined) throw this.#closed;
      await this.#bell.next('a message of the hub');
    }
  }

  async receive(): Promise<HubMessage> {
    return JSON.parse(await this.receiveText()) as HubMessage;
  }

  /** The next message of a type; those before it are dropped. */
  async receiveOnly<T extends HubMessage['type']>(type: T): Promise<HubMessageOf<T>> {
    for (;;) {
      const message = await this.receive();
      if (message.type === type) return message as HubMessageOf<T>;
    }
  }

  /** Stops reading the socket: TCP holds the hub's bytes back once the kernel's buffers are full. */
  stopReading(): void {
    this.#webSocket.pause();
  }

  readAgain(): void {
    this.#webSocket.resume();
  }

  [Symbol.dispose](): void {
    this.#webSocket.terminate();
  }

  #enqueue(text: string): void {
    this.#queue.push(text);
    this.#bell.ring();
  }

  #end(reason: Error): void {
    this.#closed ??= reason;
    this.#bell.ring();
  }
}

/** Resolves when the connection is open; the first message to expect is `ready`. */
export async function openRawClient(options: RawClientOptions): Promise<RawClient> {
  const { url, token, deflate = true, onMessage } = options;
  const webSocket = new WebSocket(url, [SUBPROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: deflate,
  });
  const client = new RawClient(webSocket, onMessage);
  await once(webSocket, 'open');
  return client;
}
