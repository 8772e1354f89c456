/**
 * Agents as processes on a Redis of the test's own, in a runtime directory that no other test shares, and what
 * `tailrace agent status` says of them. Everything ends with the rig.
 */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AgentStatus, agentStatus } from '../../agent/status/status-shape.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { type Exit, runTailrace, startTailrace, type TailraceProcess } from './tailrace-process.js';
import { temporaryDirectory } from './temporary.js';
import { waitFor } from './wait.js';

export class StatusRig {
  readonly redis: RedisServer;
  /** Of the files. */
  readonly directory: string;
  readonly #runtime: string;

  constructor(redis: RedisServer, directory: string, runtime: string) {
    this.redis = redis;
    this.directory = directory;
    this.#runtime = runtime;
  }

  get env(): Readonly<Record<string, string>> {
    return { XDG_RUNTIME_DIR: this.#runtime, TMPDIR: this.#runtime };
  }

  /** Where the sockets are. */
  get socketDirectory(): string {
    return join(this.#runtime, 'tailrace');
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Resolves when the agent says that it is ready. */
  async startAgent(...args: readonly string[]): Promise<TailraceProcess> {
    const usual = ['--redis', this.redis.url, '--tenant', 'acme', '--host', 'web'];
    const agent = startTailrace(['agent', ...usual, ...args], { cwd: this.directory, env: this.env });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    await agent.seeStderr(/ready: tailing/);
    return agent;
  }

  askStatus(...flags: readonly string[]): Promise<Exit> {
    return runTailrace(['agent', 'status', ...flags], { env: this.env });
  }

  async statuses(): Promise<AgentStatus[]> {
    const { stdout, stderr, code } = await this.askStatus('-o', 'json', '--all');
    if (code !== 0) throw new Error(stderr);
    return agentStatus.array().parse(JSON.parse(stdout));
  }

  /** Waits until the one agent says so. */
  async statusOnce(what: string, is: (status: AgentStatus) => boolean): Promise<AgentStatus> {
    return waitFor(what, async () => {
      const [status] = await this.statuses();
      return status !== undefined && is(status) && status;
    });
  }

  /** Waits until a file of the one agent is in a state. */
  async fileOnce(name: string, state: string): Promise<AgentStatus['files'][number]> {
    const isIt = (file: AgentStatus['files'][number]) =>
      file.path === this.path(name) && file.state === state;
    const status = await this.statusOnce(`${name} to be ${state}`, ({ files }) => files.some(isIt));
    return status.files.find(isIt) as AgentStatus['files'][number];
  }
}

export async function startStatusRig(): Promise<StatusRig> {
  const redis = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  return new StatusRig(redis, await temporaryDirectory(), await temporaryDirectory());
}
