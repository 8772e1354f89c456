/** A program of its own that logs numbered lines into a file and follows rotations when it is told to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../e2e/fixtures/logging-program.mjs', import.meta.url));

export class LoggingProgram {
  readonly #child: ChildProcess;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves with every line that it wrote. */
  async stop(): Promise<string[]> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
    const count = Number(this.#output.split('\n').at(-2));
    return Array.from({ length: count }, (_, index) => `line ${index + 1} of a program that logs`);
  }
}

/** Resolves when it writes. */
export async function startLoggingProgram(file: string): Promise<LoggingProgram> {
  const child = spawn(process.execPath, [PROGRAM, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const program = new LoggingProgram(child);
  await once(child.stdout, 'data');
  return program;
}
