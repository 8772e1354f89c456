/** The product as it ships: the built command, each program in a process of its own. */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/redis-server.js';
import type { Bench } from './question.js';

export const TENANT = 'bench';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;
const STDERR_CHARACTERS_MAX = 8_000;

export class ProductProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #stderr = '';

  /** `nodeOptions` are for Node itself, such as `--expose-gc`. */
  constructor({ dist, profiles }: Bench, args: readonly string[], nodeOptions: readonly string[] = []) {
    const profile = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles];
    this.#child = spawn(process.execPath, [...nodeOptions, ...profile, mainOf(dist), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_CHARACTERS_MAX);
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it wrote to stderr, the last of it where it is long. */
  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Rejects with what the process wrote to stderr if it ends or is not ready in time. */
  async readyWhen(look: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (!(await look())) {
      if (this.#child.exitCode !== null) throw new Error(`tailrace ended: ${this.#stderr}`);
      if (Date.now() > giveUpAt) throw new Error(`tailrace was not ready in time: ${this.#stderr}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    // Asked to end rather than killed: a profile is written on the way out.
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }
}

export interface AgentPlan {
  readonly redisUrl: string;
  /** Directory or file to follow, from its start. */
  readonly include: string;
  readonly channel: string;
}

/** Resolves once the agent watches. */
export async function startAgent(bench: Bench, plan: AgentPlan): Promise<ProductProcess> {
  const flags = ['--redis', plan.redisUrl, '--tenant', TENANT, '--channel', plan.channel];
  const agent = new ProductProcess(bench, ['agent', plan.include, ...flags, '--read-from', 'start']);
  await agent.readyWhen(() => agent.stderr.includes('ready'));
  return agent;
}

export interface RunningHub extends AsyncDisposable {
  readonly process: ProductProcess;
  readonly port: number;
  readonly token: string;
}

/** Resolves once the hub answers that it is ready. */
export async function startHub(
  bench: Bench,
  redisUrl: string,
  nodeOptions: readonly string[] = [],
): Promise<RunningHub> {
  const secretFile = join(bench.directory, 'secret');
  await writeFile(secretFile, 'a secret of the bench alone, on a hub that listens on loopback only\n');
  const port = await freePort();
  const flags = ['--listen', `127.0.0.1:${port}`, '--redis', redisUrl, '--secret-file', secretFile];
  const hub = new ProductProcess(bench, ['hub', ...flags], nodeOptions);
  await hub.readyWhen(() => isReady(port));
  const token = createToken(bench.dist, secretFile);
  return { process: hub, port, token, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

function createToken(dist: string, secretFile: string): string {
  const args = ['token', 'create', '--tenant', TENANT, '--subscribe', '**', '--secret-file', secretFile];
  const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
  return execFileSync(process.execPath, [mainOf(dist), ...args], { encoding: 'utf8', stdio }).trim();
}

function mainOf(dist: string): string {
  const main = join(dist, 'cli/main.js');
  if (!existsSync(main)) throw new Error(`${main} does not exist: run \`npm run build\` first`);
  return main;
}
