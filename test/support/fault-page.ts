/**
 * A page in Debian's Chromium, driven by playwright-core, and the loopback server that it comes from. The
 * server also gives out the built SDK and zod as ES modules. Nothing of it reaches out of this machine.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ROOT } from './fault-stack.js';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** An import map instead of a bundler: the SDK has one bare import. The page finds it as `tailrace`. */
const HTML = `<!doctype html><meta charset="utf-8"><title>tailrace</title>
<script type="importmap">{"imports": {"zod": "/node_modules/zod/index.js"}}</script>
<script type="module">
  import * as tailrace from '/dist/client/browser.js';
  globalThis.tailrace = tailrace;
</script>`;

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.json': 'application/json' };
const SERVED = /^(dist|node_modules\/zod)\//;

export class LoopbackPage implements AsyncDisposable {
  readonly page: Page;
  /** What the browser sends as `Origin`. */
  readonly origin: string;
  readonly #browser: Browser;
  readonly #server: Server;

  constructor(page: Page, origin: string, browser: Browser, server: Server) {
    this.page = page;
    this.origin = origin;
    this.#browser = browser;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export async function openLoopbackPage(executablePath: string): Promise<LoopbackPage> {
  const server = createServer((request, response) => void serve(request.url ?? '/', response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  const page = await browser.newPage();
  await page.goto(origin);
  return new LoopbackPage(page, origin, browser, server);
}

async function serve(url: string, response: ServerResponse): Promise<void> {
  const path = normalize(url).slice(1);
  if (path === '') {
    response.setHeader('content-type', 'text/html').end(HTML);
    return;
  }
  const content = SERVED.test(path) ? await readFile(join(ROOT, path)).catch(() => undefined) : undefined;
  response.statusCode = content === undefined ? 404 : 200;
  response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain').end(content);
}
