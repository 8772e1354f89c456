/**
 * Makes system calls of a running process fail, by strace: a disk or a file server that gives errors for a
 * while, or a kernel that announces nothing. The trace tells whether a fault was met at all.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

export interface FaultOptions {
  readonly strace: string;
  /** Written by strace: every call of these kinds, and which of them were made to fail. */
  readonly trace: string;
  /** As strace takes them: `pread64:error=EIO`. */
  readonly faults: readonly string[];
  /** Calls that are traced and go well. */
  readonly alsoTraced?: readonly string[];
  /** Only calls that are about this file. */
  readonly path?: string;
}

export class SyscallFault implements AsyncDisposable {
  readonly #strace: ChildProcess;
  readonly #trace: string;

  private constructor(strace: ChildProcess, trace: string) {
    this.#strace = strace;
    this.#trace = trace;
  }

  /** Resolves when it is in force, in all threads. */
  static async into(pid: number, options: FaultOptions): Promise<SyscallFault> {
    const args = [...straceArguments(options), '-p', `${pid}`];
    const strace = spawn(options.strace, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      strace.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (/attached/.test(said)) resolve();
      });
      strace.once('error', reject);
      strace.once('exit', () => reject(new Error(`strace did not attach: ${said}`)));
    });
    return new SyscallFault(strace, options.trace);
  }

  /** The calls that were traced so far, one a line. */
  async calls(): Promise<string[]> {
    return callsIn(this.#trace);
  }

  /** The process goes on without it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    const ended = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await ended;
  }
}

/** What a program is started with to be under a fault from its start on; the process is the program's own. */
export function underFault(options: FaultOptions): string[] {
  return ['-D', '-q', ...straceArguments(options)];
}

export async function callsIn(trace: string): Promise<string[]> {
  const text = await readFile(trace, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

export function isInjected(call: string): boolean {
  return call.endsWith('(INJECTED)');
}

function straceArguments({ trace, faults, alsoTraced = [], path }: FaultOptions): string[] {
  const calls = [...faults.map((fault) => fault.split(':', 1)[0]), ...alsoTraced];
  const injections = faults.flatMap((fault) => ['-e', `inject=${fault}`]);
  const paths = path === undefined ? [] : ['-P', path];
  return ['-f', '-o', trace, '-e', `trace=${calls.join(',')}`, ...injections, ...paths];
}
