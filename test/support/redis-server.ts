/**
 * A real redis-server of the test's own: free port, own directory, AOF on. Found at REDIS_SERVER or on the
 * PATH (`npm test` installs it where it may).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServerOptions {
  /** Further command-line settings, such as `['--maxmemory', '10mb']`. */
  readonly settings?: readonly string[];
}

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  constructor(port: number, directory: string, settings: readonly string[]) {
    this.port = port;
    this.directory = directory;
    this.#settings = settings;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error('redis-server is not running');
    return this.#process.pid;
  }

  /** Resolves when the server accepts connections; with data from an earlier run, when it is loaded. */
  async start(): Promise<void> {
    const child = spawn(process.env['REDIS_SERVER'] ?? 'redis-server', this.#arguments(), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    await readyToAccept(child);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  #arguments(): string[] {
    const base = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.directory, '--save', ''];
    return [...base, '--appendonly', 'yes', '--maxmemory-policy', 'noeviction', ...this.#settings];
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** Keeps reading stdout after that: a server must never write into a closed or full pipe. */
function readyToAccept(child: ChildProcess): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (output.length < 100_000) output += chunk.toString();
      if (output.includes('Ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server did not start:\n${output}`)));
  });
}

export async function startRedis({ settings = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tailrace-redis-'));
  const server = new RedisServer(await freePort(), directory, settings);
  await server.start();
  return server;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
