/**
 * One path and what happens to it, drawn at random: lines written in pieces, rotation by rename and by copy,
 * compression, deletion of what was read, truncation, and agents that end, break off and meet a store that
 * stands still. It keeps the account of which lines must be in the store, and which may have been lost.
 */
import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  open,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  unlink,
} from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Agent } from '../../agent/index.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { type AgentStand, numbered } from './agent-stand.js';
import { PausedWriter } from './agent-writers.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

/** Long enough for what is under way on a quick store, short enough for one that stands still. */
const STOP_MS = 20;

type Act = readonly [name: string, upTo: number, act: () => Promise<void>];

export class FileHistory {
  readonly #stand: AgentStand;
  readonly #random: () => number;
  readonly #sources: readonly Record<string, unknown>[];
  readonly #writer: PausedWriter;
  /** Lines that were truncated away: those that no agent had seen are gone, and nobody can know of them. */
  readonly #doubtful = new Set<number>();
  /** The last line in each rotated file, by its name without `.gz`. */
  #rotated = new Map<string, number>();
  /** The last line before the file at the path. */
  #lastBefore = 0;
  #written = 0;
  #agent: Agent | undefined;
  readonly #journal: string[] = [];
  readonly #acts: readonly Act[] = [
    ['write', 0.42, () => this.#write()],
    ['rename away', 0.54, () => this.#renameAway()],
    ['copy and truncate', 0.62, () => this.#copyTruncate()],
    ['compress', 0.72, () => this.#compress()],
    ['delete what is read', 0.76, () => this.#deleteRead()],
    ['truncate', 0.78, () => this.#truncate()],
    ['restart', 0.86, () => this.#restart()],
    ['break off', 0.9, () => this.#breakOff()],
    ['pause or go on', 0.94, () => this.#pauseOrGoOn()],
    ['wait', 1, () => wait()],
  ];

  /** `writer`: what the agents see of the store. */
  constructor(stand: AgentStand, random: () => number, writer: LogWriter = stand.writer) {
    this.#stand = stand;
    this.#random = random;
    this.#writer = new PausedWriter(writer);
    this.#sources = [{ include: [stand.path(random() < 0.5 ? 'app.log' : 'app.log*')] }];
  }

  /** From here on the path is one that an agent has read: what is rotated before that is left alone. */
  async begin(): Promise<void> {
    await this.#write();
    await this.#restart();
    await this.#stand.linesOnce(1);
  }

  async step(): Promise<void> {
    const draw = this.#random();
    const [name, , act] = this.#acts.find(([, upTo]) => draw < upTo) as Act;
    this.#journal.push(`${name} at line ${this.#written}, ${this.#stand.notices.length} notices`);
    await act();
  }

  /** What happened, for whoever looks into a fault. */
  get journal(): string {
    return [...this.#journal, ...this.#stand.notices.map(({ message }) => message)].join('\n');
  }

  /** What is wrong with the lines in the store, in words; empty where nothing is. */
  async end(withinMs?: number): Promise<string> {
    await this.#write();
    await this.#restart();
    this.#writer.isPaused = false;
    const last = `line ${this.#written}`;
    const read = async () => {
      const lines = await this.#stand.lines();
      return (lines.includes(last) || lines.length > this.#written) && lines;
    };
    const lines = await waitFor('the last line', read, { ...(withinMs !== undefined && { withinMs }) });
    await this.#agent?.stop();
    return this.#faultOf(lines.map((line) => Number(line.slice('line '.length))));
  }

  #faultOf(lines: readonly number[]): string {
    const swapped = lines.findIndex((line, index) => index > 0 && line <= (lines[index - 1] ?? 0));
    if (swapped !== -1) return `line ${lines[swapped]} follows line ${lines[swapped - 1]}`;
    const stored = new Set(lines);
    const missing = numbersTo(this.#written).filter((line) => !stored.has(line));
    const lost = missing.find((line) => !this.#doubtful.has(line));
    return lost === undefined ? '' : `line ${lost} is missing`;
  }

  async #write(): Promise<void> {
    const count = 1 + Math.floor(this.#random() ** 4 * 20_000);
    const lines = numbered(this.#written + 1, this.#written + count);
    this.#written += count;
    const text = `${lines.join('\n')}\n`;
    const cut = Math.max(await this.#shortestBeginning(text), Math.floor(this.#random() * text.length));
    await appendFile(this.#path(), text.slice(0, cut));
    if (this.#random() < 0.5) await nextTurn();
    await appendFile(this.#path(), text.slice(cut));
  }

  /** Of a file's first few bytes nobody can tell whether it was truncated and has begun alike again. */
  async #shortestBeginning(text: string): Promise<number> {
    const isBegun = await stat(this.#path()).then(
      ({ size }) => size > 0,
      () => false,
    );
    return isBegun ? 0 : text.indexOf('\n') + 1;
  }

  /** As logrotate names files: those that are compressed move too. False where there is nothing to rotate. */
  async #shift(): Promise<boolean> {
    const names = await readdir(this.#stand.directory);
    if (!names.includes('app.log')) return false;
    const rotated = new Map<string, number>();
    const numbers = [...this.#rotated].map(([name, last]) => [Number(name.split('.').at(-1)), last] as const);
    for (const [number, last] of numbers.sort(([a], [b]) => b - a)) {
      rotated.set(`app.log.${number + 1}`, last);
      for (const suffix of ['', '.gz']) {
        const from = `app.log.${number}${suffix}`;
        if (names.includes(from))
          await rename(this.#path(from), this.#path(`app.log.${number + 1}${suffix}`));
      }
    }
    this.#rotated = rotated.set('app.log.1', this.#written);
    this.#lastBefore = this.#written;
    return true;
  }

  async #renameAway(): Promise<void> {
    if (!(await this.#shift())) return;
    await rename(this.#path(), this.#path('app.log.1'));
    if (this.#random() < 0.5) await appendFile(this.#path(), '');
  }

  async #copyTruncate(): Promise<void> {
    if (!(await this.#shift())) return;
    await copyFile(this.#path(), this.#path('app.log.1'));
    await truncate(this.#path());
  }

  /** By gzip itself, or as programs do it: in pieces, the file gone at the end, its time kept or not. */
  async #compress(): Promise<void> {
    const names = new Set(await readdir(this.#stand.directory));
    const plain = [...this.#rotated.keys()].filter((name) => names.has(name));
    const name = plain[Math.floor(this.#random() * plain.length)];
    if (name === undefined) return;
    if (this.#random() < 0.5) return void (await run('gzip', [this.#path(name)]));
    const { atime, mtime } = await stat(this.#path(name));
    const packed = gzipSync(await readFile(this.#path(name)));
    const archive = await open(this.#path(`${name}.gz`), 'w');
    await archive.write(packed.subarray(0, packed.length / 2));
    await nextTurn();
    await archive.write(packed.subarray(packed.length / 2));
    if (this.#random() < 0.7) await archive.utimes(atime, mtime);
    await archive.close();
    await unlink(this.#path(name));
  }

  /** The oldest rotated file, if all lines of it are in the store. */
  async #deleteRead(): Promise<void> {
    const [oldest] = [...this.#rotated].sort(([, a], [, b]) => a - b);
    const stored = (await this.#stand.lines()).at(-1);
    if (oldest === undefined || Number(stored?.slice('line '.length)) < oldest[1]) return;
    const [name] = oldest;
    this.#rotated.delete(name);
    for (const suffix of ['', '.gz']) await unlink(this.#path(`${name}${suffix}`)).catch(() => {});
  }

  async #truncate(): Promise<void> {
    await truncate(this.#path()).catch(() => {});
    for (let line = this.#lastBefore + 1; line <= this.#written; line++) this.#doubtful.add(line);
  }

  async #restart(): Promise<void> {
    const wasPaused = this.#writer.isPaused;
    if (this.#random() < 0.5) this.#writer.isPaused = false;
    await this.#agent?.stop();
    this.#writer.isPaused = wasPaused && this.#random() < 0.5;
    this.#agent = await this.#started();
  }

  /** An agent that reads and never gets an answer, and is gone. */
  async #breakOff(): Promise<void> {
    await this.#agent?.stop();
    this.#writer.isPaused = true;
    await (await this.#started()).stop();
    this.#writer.isPaused = false;
    this.#agent = undefined;
  }

  async #pauseOrGoOn(): Promise<void> {
    this.#writer.isPaused = !this.#writer.isPaused;
  }

  #started(): Promise<Agent> {
    const timings = { stopMs: STOP_MS };
    return this.#stand.start({ sources: this.#sources, writer: this.#writer, timings });
  }

  #path(name = 'app.log'): string {
    return this.#stand.path(name);
  }
}

async function wait(): Promise<void> {
  for (let turns = 0; turns < 200; turns++) await nextTurn();
}

function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
