/**
 * A real nginx as the test's child, and wrk to load it. One worker writes every request to two files in the
 * same order: the access log, which the test may rotate, and a second log that nobody touches: the truth.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './redis-server.js';
import { waitFor } from './wait.js';

export interface NginxOptions {
  /** Path of nginx itself. */
  readonly program: string;
  /** Its prefix: configuration, pid file, temporary folders and the log of the truth. */
  readonly directory: string;
  readonly accessLog: string;
}

export class Nginx implements AsyncDisposable {
  readonly port: number;
  readonly truthLog: string;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, port: number, truthLog: string) {
    this.#child = child;
    this.port = port;
    this.truthLog = truthLog;
  }

  /** The master process: SIGUSR1 makes it open its logs again. */
  get pid(): number {
    return this.#child.pid as number;
  }

  /** Every line that was written, in order. Complete once the load has ended. */
  async truth(): Promise<string[]> {
    return (await readFile(this.truthLog, 'utf8')).split('\n').slice(0, -1);
  }

  /** Ends it after the requests under way are answered and logged. */
  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child, 'SIGQUIT');
  }
}

export async function startNginx({ program, directory, accessLog }: NginxOptions): Promise<Nginx> {
  const port = await freePort();
  const truthLog = join(directory, 'truth.log');
  await mkdir(join(directory, 'nginx-temporary'));
  await writeFile(join(directory, 'nginx.conf'), configuration(port, accessLog, truthLog));
  const errorLog = join(directory, 'nginx-error.log');
  const child = spawn(program, ['-p', directory, '-c', 'nginx.conf', '-e', errorLog], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await waitFor('nginx to accept connections', () => {
    if (child.exitCode !== null) throw new Error(`nginx did not start, see above and ${errorLog}`);
    return accepts(port);
  });
  return new Nginx(child, port, truthLog);
}

export interface LoadOptions {
  /** Path of wrk itself. */
  readonly program: string;
  readonly directory: string;
  readonly port: number;
  /** Each waits `pauseMs` between its requests, which bounds the rate to connections / pauseMs per ms. */
  readonly connections: number;
  readonly pauseMs: number;
}

/** wrk, asking for `/?n=000000001` and so on, until it is told to end; never longer than five minutes. */
export class Load implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child, 'SIGINT');
  }
}

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { program, directory, port, connections, pauseMs } = options;
  const script = join(directory, 'load.lua');
  await writeFile(script, loadScript(pauseMs));
  // One thread: each has a Lua state, and so a counter, of its own.
  const amount = ['--threads', '1', '--connections', `${connections}`, '--duration', '300'];
  const target = ['--script', script, `http://127.0.0.1:${port}/`];
  const child = spawn(program, [...amount, ...target], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  return new Load(child);
}

function configuration(port: number, accessLog: string, truthLog: string): string {
  // A worker of root's nginx would be another user, who cannot open its logs again in a private directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((module) => `  ${module}_temp_path nginx-temporary/${module};\n`)
    .join('');
  return `${user}daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 256; }
http {
${temporary}  log_format numbered '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent '
                      '"$http_user_agent" $connection-$connection_requests';
  access_log ${accessLog} numbered;
  access_log ${truthLog} numbered;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "ok\\n"; }
  }
}
`;
}

function loadScript(pauseMs: number): string {
  return `local n = 0
function request()
  n = n + 1
  return wrk.format("GET", string.format("/?n=%09d", n))
end
function delay() return ${pauseMs} end
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
