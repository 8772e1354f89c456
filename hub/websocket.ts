/**
 * WebSockets by ws, the one file of the hub that knows it. Accepts upgrades, negotiates permessage-deflate so
 * that prebuilt messages fit every connection, and shows each connection as a `Socket`. Messages with lines go
 * past ws straight to the TCP socket; ws itself sends only pings, pongs and closes, and compresses nothing.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { CloseCode } from '../shared/protocol/close-codes.js';
import { CLIENT_FRAGMENTS_MAX, CLIENT_MESSAGE_BYTES_MAX } from '../shared/protocol/limits.js';
import { SUBPROTOCOL } from '../shared/protocol/messages.js';
import type { Socket, SocketListener, UpgradeRequest } from './socket.js';

/** How long a peer has to answer a close before it is cut off. In milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Pieces of one message that ws keeps while the rest of it is on its way. */
const BUFFERED_CHUNKS_MAX = 4 * 1024;

/** Takes over a socket that was accepted and returns who listens to it. */
export type Accept = (socket: Socket, request: UpgradeRequest) => SocketListener;

export class WebSocketAcceptor {
  readonly #server: WebSocketServer;
  readonly #accept: Accept;
  readonly #canInflate = new WeakSet<IncomingMessage>();

  constructor(accept: Accept) {
    this.#accept = accept;
    this.#server = new WebSocketServer({ ...SERVER_OPTIONS });
    this.#server.on('headers', (headers, request) => {
      if (headers.some(allowsPrebuiltDeflate)) this.#canInflate.add(request);
    });
  }

  /** Answers an upgrade request; one that is no WebSocket handshake gets a 4xx. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, stream, head, (webSocket) => {
      const socket = new WsSocket(webSocket, stream, this.#canInflate.has(request));
      listen(webSocket, stream, this.#accept(socket, describe(request)));
    });
  }
}

const SERVER_OPTIONS = {
  noServer: true,
  clientTracking: false,
  maxPayload: CLIENT_MESSAGE_BYTES_MAX,
  maxFragments: CLIENT_FRAGMENTS_MAX,
  maxBufferedChunks: BUFFERED_CHUNKS_MAX,
  closeTimeout: CLOSE_TIMEOUT_MS,
  // The token may be among the offered names: none but our own is ever echoed.
  handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  // No context from message to message on either side: it would cost each connection its own window of memory,
  // and prebuilt messages could not be shared.
  perMessageDeflate: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    // ws keeps the inflater of a client that compresses: messages from clients are small, so may it be.
    zlibInflateOptions: { chunkSize: 2 * 1024 },
  },
} as const;

class WsSocket implements Socket {
  readonly canInflate: boolean;
  readonly #webSocket: WebSocket;
  readonly #stream: Duplex;

  constructor(webSocket: WebSocket, stream: Duplex, canInflate: boolean) {
    this.#webSocket = webSocket;
    this.#stream = stream;
    this.canInflate = canInflate;
  }

  get writableBytes(): number {
    return this.#stream.writableLength;
  }

  write(message: Buffer): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#stream.write(message);
  }

  ping(): void {
    this.#webSocket.ping();
  }

  close({ code }: CloseCode, reason: string): void {
    // Only when reading can the peer's answer be seen.
    this.#webSocket.resume();
    this.#webSocket.close(code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }
}

function listen(webSocket: WebSocket, stream: Duplex, listener: SocketListener): void {
  webSocket.on('message', (data: RawData, isBinary) => {
    if (isBinary) listener.onBinaryMessage();
    else listener.onMessage(String(data));
  });
  webSocket.on('ping', () => listener.onSignOfLife());
  webSocket.on('pong', () => listener.onSignOfLife());
  // ws closes by itself, with the right code, what breaks the rules of WebSocket or its bounds.
  webSocket.on('error', () => {});
  webSocket.on('close', () => listener.onClose());
  stream.on('drain', () => listener.onDrain());
}

function describe({ headers }: IncomingMessage): UpgradeRequest {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return {
    origin: headers.origin,
    authorization: headers.authorization,
    subprotocols: offered
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

/** An agent's data may refer back 32 KiB: a client that asked for a smaller window could not inflate it. */
function allowsPrebuiltDeflate(header: string): boolean {
  return (
    header.startsWith('Sec-WebSocket-Extensions: permessage-deflate') &&
    !/server_max_window_bits=(8|9|1[0-4])\b/.test(header)
  );
}
