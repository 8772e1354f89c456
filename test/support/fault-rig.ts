/**
 * The whole way of a line under kills: a writer that numbers its lines and rotates its file, an agent, a hub
 * and a client that keeps its place in a file, all but the writer as processes that may be killed at any
 * moment and are started again at once. Nothing here is lost or doubled by the rig itself.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from './fault-random.js';
import { type FaultStack, hasSaidReady, isReady, ROOT, startStack } from './fault-stack.js';
import { NumberedWriter, numberOf } from './numbered-writer.js';
import { freePort } from './redis-server.js';
import { MAIN, type TailraceProcess } from './tailrace-process.js';
import { waitFor } from './wait.js';

export const VICTIMS = ['agent', 'hub', 'client'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface RigOptions {
  readonly random: Random;
  /** What Node runs in place of the built command to be the agent; it gets the same arguments. */
  readonly agent?: readonly string[];
}

type Launch = () => Promise<TailraceProcess>;

const TENANT = 'fault';
const CHANNEL = 'app';
const ROTATIONS_KEPT = 5;
const CLIENT = ['--import', 'tsx', join(ROOT, 'test/fault/fixtures/durable-client.ts')];

export class FaultRig implements AsyncDisposable {
  readonly kills: Record<Victim, number> = { agent: 0, hub: 0, client: 0 };
  readonly #stack: FaultStack;
  readonly #random: Random;
  readonly #writer: NumberedWriter;
  readonly #launch: Record<Victim, Launch>;
  readonly #running = new Map<Victim, TailraceProcess>();
  readonly #ending = new Set<TailraceProcess>();
  readonly #rotatedAt: number[] = [];
  /** By the clients that were killed. */
  #received = 0;
  #crashed: string | undefined;

  constructor(stack: FaultStack, file: string, random: Random, launch: Record<Victim, Launch>) {
    this.#stack = stack;
    this.#random = random;
    this.#writer = new NumberedWriter({ file, keep: ROTATIONS_KEPT });
    this.#launch = launch;
  }

  get rotations(): number {
    return this.#writer.rotations;
  }

  get written(): number {
    return this.#writer.written;
  }

  async start(): Promise<void> {
    for (const victim of VICTIMS) this.#run(victim, await this.#launch[victim]());
    this.#writer.startWriting(this.#random);
    // What is rotated away before any agent has read the path is left alone, as it should be.
    await this.progress();
  }

  /** Ends a process with SIGKILL and starts it again, without waiting for it to get anywhere. */
  async kill(victim: Victim, whileDown: () => void): Promise<void> {
    await this.#end(victim, this.#process(victim));
    whileDown();
    this.#run(victim, await this.#launch[victim]());
  }

  /**
   * Starts a second agent on the same files, and kills the first once both are at work. One that is suspended
   * meanwhile goes on at its place with lines that the second has stored.
   */
  async killOverlapped({ isSuspended }: { readonly isSuspended: boolean }): Promise<void> {
    const first = this.#process('agent');
    if (isSuspended) first.signal('SIGSTOP');
    const second = await this.#launch.agent();
    this.#run('agent', second);
    await isReady(second);
    await this.progress();
    if (isSuspended) {
      first.signal('SIGCONT');
      await this.progress();
    }
    await this.#end('agent', first);
  }

  /** Rotates the file, unless that would delete lines that have not arrived. Returns whether it did. */
  rotate(): boolean {
    const deletedUpTo = this.#rotatedAt.at(-ROTATIONS_KEPT) ?? 0;
    if (this.#lastReceived() < deletedUpTo) return false;
    this.#rotatedAt.push(this.#writer.written);
    this.#writer.rotate();
    return true;
  }

  /** Whether the agent, hub or client that runs now has said that it is ready. */
  isReady(victim: Victim): boolean {
    return hasSaidReady(this.#process(victim));
  }

  /** Resolves when a line has arrived that is written after this call. */
  async progress(): Promise<void> {
    await this.#arrival(this.#writer.written + 1);
  }

  /** Resolves when the writer has gone on by so many lines: a moment that has nothing to do with the others. */
  async someLines(lines: number): Promise<void> {
    const goal = this.#writer.written + lines;
    await waitFor('the writer', () => this.#writer.written >= goal, { everyMs: 1 });
  }

  /** Stops the writer, waits for its last line and returns what the client has in its file. */
  async finish(): Promise<RigRecord> {
    this.#writer.stopWriting();
    await this.#arrival(this.#writer.written);
    await this.#process('client')[Symbol.asyncDispose]();
    return this.record();
  }

  /** What the clients have put into their file so far. */
  async record(): Promise<RigRecord> {
    return parseRecord(await readFile(recordOf(this.#stack), 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#writer[Symbol.dispose]();
    await this.#stack[Symbol.asyncDispose]();
  }

  #run(victim: Victim, process: TailraceProcess): void {
    this.#running.set(victim, process);
    process.exited.then(() => {
      if (!this.#ending.has(process)) this.#crashed ??= `the ${victim} ended by itself`;
    });
  }

  async #end(victim: Victim, process: TailraceProcess): Promise<void> {
    if (victim === 'client') this.#received = this.#lastReceived();
    this.#ending.add(process);
    process.signal('SIGKILL');
    await process.exited;
    this.kills[victim] += 1;
  }

  #process(victim: Victim): TailraceProcess {
    const process = this.#running.get(victim);
    if (process === undefined) throw new Error('the rig was not started');
    return process;
  }

  /** The number of the last line that any client has put into its file and told of. */
  #lastReceived(): number {
    const [line] = this.#process('client').stdout.split('\n').slice(-2);
    return line === undefined || line === '' ? this.#received : Math.max(this.#received, numberOf(line));
  }

  async #arrival(number: number): Promise<void> {
    try {
      await waitFor(`line ${number}`, () => this.#crashed !== undefined || this.#lastReceived() >= number);
    } catch (error) {
      throw new Error(`${String(error)}; the last that came is ${this.#lastReceived()}\n${this.#said()}`);
    }
    if (this.#crashed !== undefined) throw new Error(`${this.#crashed}\n${this.#said()}`);
  }

  #said(): string {
    return VICTIMS.map((victim) => `--- ${victim}\n${this.#process(victim).stderr}`).join('\n');
  }
}

export async function startRig({ random, agent = [MAIN] }: RigOptions): Promise<FaultRig> {
  const stack = await startStack();
  const file = join(stack.directory, 'app.log');
  const sources = [{ include: [file], channel: CHANNEL }];
  const agentArguments = await stack.agentArguments({ tenant: TENANT, host: 'fault', sources });
  const hubPort = await freePort();
  const url = `ws://127.0.0.1:${hubPort}/v1/ws`;
  const clientArguments = [url, await stack.token(TENANT, '**'), CHANNEL, recordOf(stack)];
  const rig = new FaultRig(stack, file, random, {
    agent: async () => stack.launch([...agent, ...agentArguments]),
    hub: async () => (await stack.launchHub({}, hubPort)).process,
    client: async () => stack.launch([...CLIENT, ...clientArguments]),
  });
  await rig.start();
  return rig;
}

function recordOf(stack: FaultStack): string {
  return join(stack.directory, 'received');
}

export interface RigRecord {
  readonly lines: readonly string[];
  /** Reasons of the gaps that the client was told. */
  readonly gaps: readonly string[];
}

function parseRecord(text: string): RigRecord {
  const records = text
    .split('\n')
    .slice(0, -1)
    .map((json) => JSON.parse(json) as { readonly lines?: string[]; readonly gap?: string });
  return {
    lines: records.flatMap(({ lines = [] }) => lines),
    gaps: records.flatMap(({ gap }) => (gap === undefined ? [] : [gap])),
  };
}
