/**
 * The two streams of `tailrace tail`. Lines go to stdout no faster than it takes them; sentences go to stderr.
 * When nobody reads stdout any more (`| head`), that is an ordinary end and not a failure.
 */
import type { Writable } from 'node:stream';
import { printable } from '../../shared/printable.js';

export class Output {
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #onGone: (failure: Error | undefined) => void;
  readonly #onError = (error: Error): void => this.#gone(error);
  #isGone = false;

  /** `onGone` is called once when stdout takes no more; with an error unless its reader just left. */
  constructor(stdout: Writable, stderr: Writable, onGone: (failure: Error | undefined) => void) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#onGone = onGone;
    stdout.on('error', this.#onError);
    stderr.on('error', ignore);
  }

  /** Resolves to whether the text was handed over; false once stdout is gone or `signal` is aborted. */
  write(text: string, signal: AbortSignal): Promise<boolean> {
    if (this.#isGone || signal.aborted) return Promise.resolve(false);
    if (text === '') return Promise.resolve(true);
    return new Promise((resolve) => {
      const onAbort = () => resolve(false);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#stdout.write(text, (error) => {
        signal.removeEventListener('abort', onAbort);
        resolve(error === null || error === undefined);
      });
    });
  }

  say(sentence: string): void {
    this.#stderr.write(`tailrace: ${printable(sentence)}\n`);
  }

  /** A line for machines, without the name of the program. */
  sayPlainly(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  release(): void {
    this.#stdout.off('error', this.#onError);
    this.#stderr.off('error', ignore);
  }

  #gone(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#onGone('code' in error && error.code === 'EPIPE' ? undefined : error);
  }
}

function ignore(): void {}
