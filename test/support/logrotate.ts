/**
 * Debian's logrotate with a configuration and a state file of the test's own. It rotates when it is told to,
 * never by schedule, and touches nothing outside the test's directory.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `create` renames the file and makes a new one; `copytruncate` copies it and cuts it to nothing. */
export type RotationMethod = 'create' | 'copytruncate';

export interface LogrotateOptions {
  /** Path of logrotate itself. */
  readonly program: string;
  /** Holds the state and the configurations; not writable by others, or logrotate refuses. */
  readonly directory: string;
  readonly file: string;
  /** Rotated files that are kept. */
  readonly keep: number;
  /** Asked to open its files again after a `create`. */
  readonly writerPid: number;
}

export class Logrotate {
  readonly #options: LogrotateOptions;

  constructor(options: LogrotateOptions) {
    this.#options = options;
  }

  /** Resolves when logrotate has ended; rejects with what it said when it failed. */
  async rotate(method: RotationMethod): Promise<void> {
    const { program, directory } = this.#options;
    const config = join(directory, `logrotate-${method}.conf`);
    await writeFile(config, this.#configuration(method), { mode: 0o644 });
    await run(program, ['--force', '--state', join(directory, 'logrotate.state'), config]);
  }

  /** The rotated files, oldest first; not all of them need exist. */
  rotatedFiles(): string[] {
    const { file, keep } = this.#options;
    return Array.from({ length: keep }, (_, index) => `${file}.${keep - index}`);
  }

  #configuration(method: RotationMethod): string {
    const { file, keep, writerPid } = this.#options;
    const lines =
      method === 'create'
        ? ['create 0644', 'postrotate', `  kill -USR1 ${writerPid}`, 'endscript']
        : ['copytruncate'];
    const common = [`rotate ${keep}`, 'nocompress', 'nodateext', 'nomail', 'missingok', 'notifempty'];
    return `${file} {\n${[...common, ...lines].map((line) => `  ${line}\n`).join('')}}\n`;
  }
}
