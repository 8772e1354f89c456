/**
 * The client for Node: a WebSocket of the `ws` library, which no other file of the client imports. The token
 * travels in the `Authorization` header.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { CLOSE_CODES, HUB_MESSAGE_BYTES_MAX, SUBPROTOCOL } from '../shared/protocol/index.js';
import { type Client, createClient } from './client.js';
import { SYSTEM_CLOCK } from './clock.js';
import { ClientError } from './errors.js';
import type { ConnectOptions } from './options.js';
import { CODE_BROKEN, type OpenSocket, type SocketEnd, type SocketHandlers } from './socket.js';

export * from './sdk.js';

/** Returns at once and connects by itself. Throws a `ClientError` `bad_url`. */
export function connect(options: ConnectOptions): Client {
  return createClient(options, { openSocket, clock: SYSTEM_CLOCK, random: Math.random });
}

/** How long a hub may take to answer a goodbye. */
const CLOSE_TIMEOUT_MS = 2_000;

const INFLATE_CHUNK_BYTES = 256 * 1024;

/** The upgrade itself was refused: what the status means as a close code. */
const REFUSALS: ReadonlyMap<number | undefined, number> = new Map([
  [401, CLOSE_CODES.token.code],
  [403, CLOSE_CODES.forbidden.code],
  [429, CLOSE_CODES.tooMany.code],
  [500, CLOSE_CODES.internal.code],
  [502, CLOSE_CODES.tryLater.code],
  [503, CLOSE_CODES.tryLater.code],
  [504, CLOSE_CODES.tryLater.code],
]);

const openSocket: OpenSocket = (url, token, handlers) => {
  const webSocket = new WebSocket(url, [SUBPROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    maxPayload: HUB_MESSAGE_BYTES_MAX,
    // By default ws inflates in pieces of 16 KiB, each a trip to the thread pool: half as fast.
    perMessageDeflate: { zlibInflateOptions: { chunkSize: INFLATE_CHUNK_BYTES } },
  });
  listen(webSocket, url, handlers);
  return {
    send: (text) => webSocket.send(text),
    close() {
      silence(webSocket);
      webSocket.close(1000);
      const timer = setTimeout(() => webSocket.terminate(), CLOSE_TIMEOUT_MS);
      timer.unref();
      webSocket.on('close', () => clearTimeout(timer));
    },
    drop() {
      silence(webSocket);
      webSocket.terminate();
    },
  };
};

function listen(webSocket: WebSocket, url: string, handlers: SocketHandlers): void {
  let cause: unknown;
  let refused: SocketEnd | undefined;
  webSocket.on('message', (data: Buffer, isBinary) => {
    handlers.onMessage(isBinary ? '' : data.toString());
  });
  webSocket.on('unexpected-response', (_request, response) => {
    refused = refusal(url, response);
    webSocket.terminate();
  });
  webSocket.on('error', (error) => {
    cause ??= error;
  });
  webSocket.on('close', (code, reason) => {
    const end = code === CODE_BROKEN ? { code, reason: '', cause } : { code, reason: reason.toString() };
    handlers.onEnd(refused ?? end);
  });
}

function refusal(url: string, { statusCode }: IncomingMessage): SocketEnd {
  const code = REFUSALS.get(statusCode);
  if (code !== undefined) return { code, reason: `HTTP status ${statusCode}` };
  const message = `The server at ${url} answered with HTTP status ${statusCode} and is no hub: check host, port and path.`;
  return { code: CODE_BROKEN, reason: '', cause: new ClientError('not_a_hub', message) };
}

/** The client listens no more; `ws` throws for an error that nobody hears. */
function silence(webSocket: WebSocket): void {
  webSocket.removeAllListeners();
  webSocket.on('error', () => {});
}
