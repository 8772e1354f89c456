/**
 * A Redis of the test's own with hubs and agents as real processes of the built command, and tokens signed by
 * it. Everything ends with the stack.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort, type RedisServer, startRedis } from './redis-server.js';
import { MAIN, runTailrace, TailraceProcess } from './tailrace-process.js';

/** Programs that are not the built command find their imports from here. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Hub {
  readonly process: TailraceProcess;
  readonly port: number;
  /** `ws://…/v1/ws` */
  readonly url: string;
}

/** Keys of the hub's configuration file beside `listen`, `redis` and `auth`. */
export type HubExtras = Readonly<Record<string, unknown>>;

export class FaultStack implements AsyncDisposable {
  readonly redis: RedisServer;
  /** Private to this stack, gone with it. */
  readonly directory: string;
  readonly #secretFile: string;
  readonly #processes: TailraceProcess[] = [];

  constructor(redis: RedisServer, directory: string, secretFile: string) {
    this.redis = redis;
    this.directory = directory;
    this.#secretFile = secretFile;
  }

  async token(tenant: string, ...subscribe: readonly string[]): Promise<string> {
    const patterns = subscribe.flatMap((pattern) => ['--subscribe', pattern]);
    const args = ['token', 'create', '--tenant', tenant, '--secret-file', this.#secretFile, ...patterns];
    const { code, stdout, stderr } = await runTailrace(args);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /** Resolves when it is ready. */
  async startHub(extras: HubExtras = {}, port?: number): Promise<Hub> {
    const hub = await this.launchHub(extras, port);
    await isReady(hub.process);
    return hub;
  }

  /** Does not wait: for tests that end it again at any moment. */
  async launchHub(extras: HubExtras = {}, port?: number): Promise<Hub> {
    const taken = port ?? (await freePort());
    const listen = `127.0.0.1:${taken}`;
    const auth = { secret_file: this.#secretFile };
    const config = await this.#writeConfig(`hub-${taken}.yaml`, {
      listen,
      redis: this.#redis,
      auth,
      ...extras,
    });
    const launched = this.launch([MAIN, 'hub', '--config', config]);
    return { process: launched, port: taken, url: `ws://${listen}/v1/ws` };
  }

  /** `settings` is the agent's configuration file without `redis`. Resolves when it is ready. */
  async startAgent(settings: Readonly<Record<string, unknown>>): Promise<TailraceProcess> {
    const agent = this.launch([MAIN, ...(await this.agentArguments(settings))]);
    await isReady(agent);
    return agent;
  }

  /** What the command is called with for an agent of these settings. */
  async agentArguments(settings: Readonly<Record<string, unknown>>): Promise<string[]> {
    const name = `agent-${randomBytes(4).toString('hex')}.yaml`;
    return ['agent', '--config', await this.#writeConfig(name, { redis: this.#redis, ...settings })];
  }

  /** Any other Node process that is to end with this stack. */
  launch(args: readonly string[]): TailraceProcess {
    const launched = new TailraceProcess(process.execPath, args, { cwd: ROOT });
    this.#processes.push(launched);
    return launched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((one) => one[Symbol.asyncDispose]()));
    await this.redis[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }

  get #redis() {
    return { url: this.redis.url };
  }

  async #writeConfig(name: string, config: object): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, stringify(config));
    return path;
  }
}

export async function startStack(): Promise<FaultStack> {
  const directory = await mkdtemp(join(tmpdir(), 'tailrace-stack-'));
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, randomBytes(48).toString('base64'), { mode: 0o600 });
  return new FaultStack(await startRedis(), directory, secretFile);
}

const READY = /"msg":"ready/;

/** Rejects with all that it said when it ends instead. */
export async function isReady(process: TailraceProcess): Promise<void> {
  await process.seeStderr(READY);
}

export function hasSaidReady(process: TailraceProcess): boolean {
  return READY.test(process.stderr);
}
