/**
 * A small HTTP server for questions about the agent. It answers a handful of paths to a handful of askers at a
 * time, each within seconds, and knows nothing of what is asked.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../shared/errors.js';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export type Routes = Readonly<Record<string, (query: URLSearchParams) => Promise<Answer> | Answer>>;

/** Askers at a time; there is one scraper and now and then a person. */
const CONNECTIONS_MAX = 16;
const REQUEST_TIMEOUT_MS = 5_000;

export function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text: `${text}\n` };
}

export class ProbeServer {
  readonly #server: Server;

  constructor(routes: Routes) {
    const options = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
    this.#server = createServer(options, (request, response) => void reply(request, response, routes));
    this.#server.maxConnections = CONNECTIONS_MAX;
    // One connection that cannot be taken must not end the agent.
    this.#server.on('error', () => {});
  }

  /** Resolves when it listens; rejects with the system's error where it cannot. */
  async listen(where: { readonly path: string } | { readonly host: string; readonly port: number }) {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(where, () => resolve());
    });
    return this.#server.address();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function reply(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const { status, type, text } = await answerTo(request, routes);
  // Nobody asks twice within seconds: a connection that stays open would only take a place.
  response.writeHead(status, { 'Content-Type': type, Connection: 'close' });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function answerTo({ method = '', url = '' }: IncomingMessage, routes: Routes): Promise<Answer> {
  const [path = '', query = ''] = url.split('?', 2);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return plain(404, `there is ${Object.keys(routes).join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET is answered');
  try {
    return await route(new URLSearchParams(query));
  } catch (error) {
    return plain(500, messageOf(error));
  }
}
