/**
 * All that the client knows of a WebSocket. `node.ts` and `browser.ts` each provide one; nothing else in the
 * client touches a network. Also here: the address of a hub, which is the same for both.
 */
import { WEBSOCKET_PATH } from '../shared/protocol/index.js';
import { ClientError } from './errors.js';

export interface Socket {
  send(text: string): void;
  /** Says goodbye: no handler is called any more, and the connection is gone within seconds. */
  close(): void;
  /** Ends the connection without waiting for the other side; no handler is called any more. */
  drop(): void;
}

export interface SocketHandlers {
  onMessage(text: string): void;
  /** Called once, unless the client ended the connection itself. */
  onEnd(end: SocketEnd): void;
}

export interface SocketEnd {
  /** The close code; 1006 for a connection that broke or never came about. */
  readonly code: number;
  readonly reason: string;
  /** What the platform said, where it says anything. */
  readonly cause?: unknown;
}

/** Must offer the subprotocol of the wire and carry the token outside of the URL. May throw for a bad URL. */
export type OpenSocket = (url: string, token: string, handlers: SocketHandlers) => Socket;

/** A connection that broke without a close code of the hub's. */
export const CODE_BROKEN = 1006;

const SCHEMES: Readonly<Record<string, string>> = {
  'http:': 'ws:',
  'https:': 'wss:',
  'ws:': 'ws:',
  'wss:': 'wss:',
};

/** Throws a `ClientError` `bad_url`. A URL without a path gets the hub's own. */
export function hubUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url && SCHEMES[url.protocol];
  if (url === undefined || scheme === undefined) {
    throw new ClientError(
      'bad_url',
      `${JSON.stringify(text)} is not the URL of a hub: use ws://host:port or wss://host`,
    );
  }
  const path = url.pathname === '/' ? WEBSOCKET_PATH : url.pathname;
  return `${scheme}//${url.host}${path}${url.search}`;
}
