/**
 * A raw client of a hub: a real WebSocket that queues messages before the test asks, so that none is missed
 * and the order of those of one kind is kept. It knows the wire and nothing of the SDK.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import {
  type ClientMessage,
  type HubMessage,
  type HubMessageOf,
  hubMessage,
  SUBPROTOCOL,
} from '../../shared/protocol/messages.js';

export interface HubClientOptions {
  readonly token?: string;
  /** Offered subprotocols; default `tailrace.v1` alone. */
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether permessage-deflate is offered, or with which parameters; default true. */
  readonly deflate?: ClientOptions['perMessageDeflate'];
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

interface Waiter {
  readonly take: () => boolean;
  readonly fail: (error: Error) => void;
}

export class HubClient {
  readonly webSocket: WebSocket;
  /** What came and was not asked for yet. */
  readonly queue: HubMessage[] = [];
  readonly closed: Promise<Closed>;
  readonly #waiters = new Set<Waiter>();
  #end: Closed | undefined;

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (data) => {
      this.queue.push(hubMessage.parse(JSON.parse(String(data))));
      this.#settle();
    });
    webSocket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => {
        this.#end = { code, reason: reason.toString('utf8') };
        for (const { fail } of this.#waiters) fail(this.#closedError());
        resolve(this.#end);
      });
    });
  }

  /** The TCP socket below, to stop and go on reading. */
  get tcp(): Socket {
    return (this.webSocket as unknown as { _socket: Socket })._socket;
  }

  send(message: ClientMessage): void {
    this.webSocket.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.webSocket.send(text);
  }

  /** Takes the oldest message of a type (and of a channel) off the queue, waiting for it if need be. */
  next<T extends HubMessage['type']>(type: T, channel?: string): Promise<HubMessageOf<T>> {
    return this.find(
      `${type} ${channel ?? ''}`,
      (message): message is HubMessageOf<T> =>
        message.type === type &&
        (channel === undefined || ('channel' in message && message.channel === channel)),
    );
  }

  find<T extends HubMessage>(what: string, isWanted: (message: HubMessage) => message is T): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = () => {
        const index = this.queue.findIndex(isWanted);
        if (index === -1) return false;
        resolve(this.queue.splice(index, 1)[0] as T);
        return true;
      };
      if (take()) return;
      const fail = (error: Error) => reject(new Error(`no ${what}: ${error.message}`));
      if (this.#end !== undefined) fail(this.#closedError());
      else this.#waiters.add({ take, fail });
    });
  }

  /** The lines of a channel up to and including a text, with the number of each. */
  async linesUntil(channel: string, last: string): Promise<{ seqs: number[]; lines: string[] }> {
    const seqs: number[] = [];
    const lines: string[] = [];
    while (lines.at(-1) !== last) {
      const message = await this.next('lines', channel);
      message.lines.forEach((line, index) => {
        seqs.push(message.seq + index);
        lines.push(line);
      });
    }
    return { seqs, lines };
  }

  /** A round trip: whatever the hub sent before is in the queue afterwards. */
  async settle(): Promise<void> {
    this.send({ type: 'ping' });
    await this.next('pong');
  }

  async close(): Promise<void> {
    this.webSocket.close();
    await this.closed;
  }

  #settle(): void {
    for (const waiter of this.#waiters) {
      if (waiter.take()) this.#waiters.delete(waiter);
    }
  }

  #closedError(): Error {
    return new Error(`the hub closed with ${this.#end?.code} ${this.#end?.reason}`);
  }
}

/** Connects and resolves when the WebSocket is open; the hub may have closed it again by then. */
export async function connectHub(url: string, options: HubClientOptions = {}): Promise<HubClient> {
  const { token, subprotocols = [SUBPROTOCOL], headers = {}, deflate = true } = options;
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const webSocket = new WebSocket(url, [...subprotocols], {
    headers: { ...authorization, ...headers },
    perMessageDeflate: deflate,
  });
  onTestFinished(() => webSocket.terminate());
  const client = new HubClient(webSocket);
  await once(webSocket, 'open');
  return client;
}
