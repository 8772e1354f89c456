/**
 * The HTTP side of a hub: one port for probes, metrics and the upgrade to WebSockets. Answers nothing else and
 * never carries lines itself.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { messageOf, TailraceError } from '../shared/errors.js';
import { WEBSOCKET_PATH } from '../shared/protocol/messages.js';
import type { Metrics } from './metrics.js';

export interface ServerRoutes {
  /** Rejects with an error whose message says why the hub cannot serve. */
  checkReady(): Promise<void>;
  readonly metrics: Metrics;
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

export class HubServer {
  readonly #server: Server;

  constructor(routes: ServerRoutes) {
    const { fetch } = createApp(routes);
    this.#server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (pathOf(request) === WEBSOCKET_PATH) routes.upgrade(request, stream, head);
      else refuseUpgrade(stream);
    });
  }

  /** Resolves with the port. Rejects where the address cannot be taken. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(host, port, error)));
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** Takes no new connections. Those that were upgraded are not the server's any more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function createApp({ checkReady, metrics }: ServerRoutes): Hono {
  const app = new Hono();
  app.get('/livez', (context) => context.text('alive\n'));
  app.get('/readyz', async (context) => {
    try {
      await checkReady();
      return context.text('ready\n');
    } catch (error) {
      return context.text(`not ready: ${messageOf(error)}\n`, 503);
    }
  });
  app.get('/metrics', async (context) =>
    context.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );
  app.get(WEBSOCKET_PATH, (context) =>
    context.text('this is a WebSocket endpoint: connect with ws://\n', 426),
  );
  return app;
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function refuseUpgrade(stream: Duplex): void {
  const body = `WebSockets are at ${WEBSOCKET_PATH}\n`;
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(
    `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function listenError(host: string, port: number, error: NodeJS.ErrnoException): TailraceError {
  const address = `${host}:${port}`;
  const message =
    error.code === 'EADDRINUSE'
      ? `${address} is in use by another program; stop it or listen on another port`
      : `cannot listen on ${address}: ${error.message}`;
  return new TailraceError('listen', message, { cause: error });
}
