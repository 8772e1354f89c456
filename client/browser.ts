/**
 * The client for browsers, and for every other platform with a `WebSocket` of its own. Such a socket cannot set
 * headers: the token travels as a second subprotocol, which the hub never echoes.
 */
import { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../shared/protocol/index.js';
import { type Client, createClient } from './client.js';
import { SYSTEM_CLOCK } from './clock.js';
import type { ConnectOptions } from './options.js';
import type { OpenSocket } from './socket.js';

export * from './sdk.js';

/** Returns at once and connects by itself. Throws a `ClientError` `bad_url`. */
export function connect(options: ConnectOptions): Client {
  return createClient(options, { openSocket, clock: SYSTEM_CLOCK, random: Math.random });
}

/** The part of the WebSocket of the HTML standard that is used here. */
interface StandardWebSocket {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

type StandardWebSocketClass = new (url: string, protocols: string[]) => StandardWebSocket;

declare const WebSocket: StandardWebSocketClass;

const openSocket: OpenSocket = (url, token, handlers) => {
  const webSocket = new WebSocket(url, [SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + base64Url(token)]);
  webSocket.onmessage = ({ data }) => handlers.onMessage(typeof data === 'string' ? data : '');
  webSocket.onclose = ({ code, reason }) => handlers.onEnd({ code, reason });
  const end = () => {
    webSocket.onmessage = null;
    webSocket.onclose = null;
    webSocket.close(1000);
  };
  // A page cannot end a connection without the goodbye; the browser does so in the background.
  return { send: (text) => webSocket.send(text), close: end, drop: end };
};

function base64Url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
