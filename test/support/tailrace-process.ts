/**
 * The built `tailrace` as a process of its own: started, watched through what it prints, ended by its pid.
 * `npm test` builds before it runs; alone, `npm run build` does.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface TailraceOptions {
  /** Beside PATH and HOME; nothing else of the test's own environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, which is then closed. Without it standard input is closed at once. */
  readonly input?: string;
}

export interface Exit {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends with SIGKILL when disposed, where it still runs. */
export class TailraceProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Resolves when the process has ended and all that it printed has been read. */
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';

  constructor(
    program: string,
    args: readonly string[],
    { env = {}, cwd = tmpdir(), input = '' }: TailraceOptions,
  ) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(program, args, { cwd, env: { PATH, HOME, ...env } });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // It may end without reading what it was given.
    this.#child.stdin.on('error', () => {}).end(input);
    this.exited = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends SIGTERM and waits for the end. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** The first match in all that was printed so far and will be. Rejects when the process ends without one. */
  seeStdout(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#see(pattern, 'stdout');
  }

  seeStderr(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#see(pattern, 'stderr');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal('SIGKILL');
    await this.exited;
  }

  async #see(pattern: RegExp, stream: 'stdout' | 'stderr'): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      const more = once(this.#child[stream], 'data').then(() => true);
      if (await Promise.race([more, this.exited.then(() => false)])) continue;
      const last = pattern.exec(this[stream]);
      if (last !== null) return last;
      throw new Error(`ended without printing ${pattern} to ${stream}:\n${this.stdout}\n${this.stderr}`);
    }
  }
}

/** Starts `tailrace` with these arguments. */
export function startTailrace(args: readonly string[], options: TailraceOptions = {}): TailraceProcess {
  return new TailraceProcess(process.execPath, [MAIN, ...args], options);
}

/** Starts it and waits for its end. */
export function runTailrace(args: readonly string[], options: TailraceOptions = {}): Promise<Exit> {
  return startTailrace(args, options).exited;
}
