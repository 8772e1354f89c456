/**
 * One run of a command: started, told of signals, and ended. It reads nothing of what the command prints, and
 * does not start it again.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { messageOf } from '../../shared/errors.js';
import { systemCode } from '../files/system-error.js';

/** As a shell has them. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNAL_BASE = 128;

/** A command that could not be started. */
export class CommandNotStarted extends Error {
  override readonly name = 'CommandNotStarted';
  readonly exitCode: number;

  constructor(command: string, cause: unknown) {
    const isMissing = systemCode(cause) === 'ENOENT';
    const why = isMissing ? 'there is no such program' : messageOf(cause);
    super(`${command} cannot be started: ${why}`, { cause });
    this.exitCode = isMissing ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

/** How a run ended. */
export interface RunEnd {
  /** As a shell has it: 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
}

export class ChildRun {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<RunEnd>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #killTimer: NodeJS.Timeout | undefined;

  private constructor(
    child: ChildProcessByStdio<null, Readable, Readable>,
    onUnsignalled: (error: Error) => void,
  ) {
    this.#child = child;
    child.on('error', onUnsignalled);
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.ended = this.#end();
  }

  /**
   * `input`: whether the command reads the standard input of this process. Rejects with `CommandNotStarted`.
   * `onUnsignalled`: it may not be told of a signal, as where it has become another user's.
   */
  static async start(
    [program = '', ...args]: readonly string[],
    input: boolean,
    onUnsignalled: (error: Error) => void,
  ): Promise<ChildRun> {
    try {
      const child = spawn(program, args, { stdio: [input ? 'inherit' : 'ignore', 'pipe', 'pipe'] });
      await once(child, 'spawn');
      return new ChildRun(child as ChildProcessByStdio<null, Readable, Readable>, onUnsignalled);
    } catch (error) {
      throw new CommandNotStarted(program, error);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to end, by the signal if there is one, and kills it if it has not after so many milliseconds. */
  stop(name: NodeJS.Signals | undefined, killMs: number): void {
    if (name !== undefined) this.signal(name);
    this.#killTimer ??= setTimeout(() => this.signal('SIGKILL'), killMs);
  }

  async #end(): Promise<RunEnd> {
    // Not by `once` of node:events: that rejects where a signal was not allowed.
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.#child.once('exit', (...end) => resolve(end));
    });
    clearTimeout(this.#killTimer);
    if (signal === null) return { exitCode: code ?? SIGNAL_BASE, signal: undefined };
    return { exitCode: SIGNAL_BASE + constants.signals[signal], signal };
  }
}
