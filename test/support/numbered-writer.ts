/**
 * A program that logs, played by the test: it appends numbered lines to a file and rotates the file the way
 * logrotate's `create` does. What it wrote is known by the count alone: line n is `numberedLine(n)`.
 */
import { closeSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import type { Random } from './fault-random.js';

const PACE_MS = 5;
const PACE_LINES_MAX = 20;

export interface NumberedWriterOptions {
  readonly file: string;
  /** Rotated files `file.1` (the newest) to `file.<keep>`; the writer deletes what is older. */
  readonly keep: number;
}

export class NumberedWriter implements Disposable {
  readonly #file: string;
  readonly #keep: number;
  #descriptor: number;
  #pace: NodeJS.Timeout | undefined;
  #written = 0;
  #rotations = 0;

  constructor({ file, keep }: NumberedWriterOptions) {
    this.#file = file;
    this.#keep = keep;
    this.#descriptor = openSync(file, 'a');
  }

  /** Number of the last line that is in the file. Lines are numbered from 1. */
  get written(): number {
    return this.#written;
  }

  get rotations(): number {
    return this.#rotations;
  }

  /** Appends the next lines. `splitAt` ends the first of two writes in the middle of a line. */
  write(lines: number, splitAt = 0): void {
    const numbers = Array.from({ length: lines }, (_, index) => this.#written + index + 1);
    const bytes = Buffer.from(numbers.map((number) => `${numberedLine(number)}\n`).join(''));
    writeAll(this.#descriptor, bytes.subarray(0, splitAt));
    writeAll(this.#descriptor, bytes.subarray(splitAt));
    this.#written += lines;
  }

  /** Goes on by itself, about 2,000 lines a second, in writes that end anywhere in a line. */
  startWriting(random: Random): void {
    this.#pace = setInterval(() => {
      const lines = random.between(1, PACE_LINES_MAX);
      this.write(lines, random.between(0, lines * 30));
    }, PACE_MS);
  }

  stopWriting(): void {
    clearInterval(this.#pace);
  }

  /** Moves every rotated file on by one, renames the file to `file.1` and goes on in a new one. */
  rotate(): void {
    ignoreMissing(() => unlinkSync(`${this.#file}.${this.#keep}`));
    for (let index = this.#keep - 1; index >= 1; index -= 1) {
      ignoreMissing(() => renameSync(`${this.#file}.${index}`, `${this.#file}.${index + 1}`));
    }
    renameSync(this.#file, `${this.#file}.1`);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, 'a');
    this.#rotations += 1;
  }

  [Symbol.dispose](): void {
    this.stopWriting();
    closeSync(this.#descriptor);
  }
}

/** Of changing length, so that batches end at changing places. */
export function numberedLine(number: number): string {
  return `line ${number} ${'é'.repeat(number % 7)}${'x'.repeat((number * 31) % 90)}`;
}

export function numberOf(line: string): number {
  const number = Number(line.split(' ', 2)[1]);
  if (numberedLine(number) !== line) throw new Error(`not a line of the numbered writer: ${line}`);
  return number;
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function ignoreMissing(step: () => void): void {
  try {
    step();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** All lines up to a number. */
export function numberedLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => numberedLine(index + 1));
}
