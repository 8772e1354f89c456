/**
 * A bench program in a Node process of its own, so that measuring costs nothing where it is measured. Its
 * settings go in as one JSON argument; afterwards both sides send messages (see inside.ts).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Message {
  readonly kind: string;
  /** The machine's monotonic clock, shared by its processes, in nanoseconds; text, since JSON has no bigint. */
  readonly atNs: string;
  readonly [detail: string]: unknown;
}

interface Waiter {
  readonly kind: string;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/** Far longer than any run: reached only when something hangs, and then better said than waited for. */
const MESSAGE_WITHIN_MS = 120_000;

export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #unread: Message[] = [];
  #waiter: Waiter | undefined;
  #onProgress: (message: Message) => void = () => {};

  /** `file` is relative to bench/, such as `programs/feeder.ts`. */
  static start(file: string, settings: object): Program {
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    const execArgv = ['--import', import.meta.resolve('tsx')];
    return new Program(file, fork(path, [JSON.stringify(settings)], { execArgv }));
  }

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.on('message', (message) => this.#receive(message as Message));
    child.once('exit', () => this.#waiter?.reject(this.#ended()));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  send(message: object): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Messages of kind `progress` go here and nowhere else. */
  onProgress(listener: (message: Message) => void): void {
    this.#onProgress = listener;
  }

  /** The next message of a kind; rejects if the program ends before, or if none comes in two minutes. */
  async next(kind: string): Promise<Message> {
    const index = this.#unread.findIndex((message) => message.kind === kind);
    if (index >= 0) return this.#unread.splice(index, 1)[0] as Message;
    if (!this.#isRunning()) throw this.#ended();
    return new Promise((resolve, reject) => {
      const late = () => this.#waiter?.reject(new Error(`${this.#name} did not say "${kind}" in time`));
      const timer = setTimeout(late, MESSAGE_WITHIN_MS);
      const settle = () => {
        clearTimeout(timer);
        this.#waiter = undefined;
      };
      this.#waiter = {
        kind,
        resolve: (message) => {
          settle();
          resolve(message);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isRunning()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #receive(message: Message): void {
    if (message.kind === 'progress') this.#onProgress(message);
    else if (message.kind === this.#waiter?.kind) this.#waiter.resolve(message);
    else this.#unread.push(message);
  }

  #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #ended(): Error {
    return new Error(`${this.#name} ended too early; what it wrote above says why`);
  }
}

/** Between two messages, also of different programs. */
export function secondsBetween(start: Message, end: Message): number {
  return Number(BigInt(end.atNs) - BigInt(start.atNs)) / 1e9;
}
