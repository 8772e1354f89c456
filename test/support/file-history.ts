/**
 * One path and what happens to it, drawn at random: lines written in pieces, rotation by rename and by copy,
 * compression, deletion, truncation, and agents that end, are killed, come in twos and meet a store that is slow,
 * away, or loses calls. It knows from its own account which lines must be in the store afterwards.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogWriter } from '../../shared/store/log-store.js';
import { HOST, TENANT } from './agent-stand.js';
import { type Random, seededRandom } from './fault-random.js';
import { Weather } from './fickle-writer.js';
import { HistoryAgents } from './history-agents.js';
import { HistoryFiles, type HistoryHabits } from './history-files.js';
import { MemoryWriter } from './memory-writer.js';
import { waitFor } from './wait.js';

const CHANNEL = { tenant: TENANT, channel: `${HOST}/app.log` };

const STEPS = 40;

/** Long enough for what is under way on a quick store, short enough for one that stands still. */
const STOP_MS = 20;

/** As long as no file counts as finished while its writer may go on. */
const NEVER_MS = 600_000;

type Act = readonly [name: string, share: number, act: (random: Random) => Promise<void>];

export interface HistoryOptions {
  readonly seed: number;
  /** What the agents see of the store: the protection that is to be off. */
  readonly around?: (writer: LogWriter) => LogWriter;
  /** For how long lines are waited for at the end. */
  readonly withinMs?: number;
}

/** What is wrong with the history of a seed, and how to see it again; empty where nothing is. */
export async function faultOf(options: HistoryOptions): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tailrace-history-'));
  const history = new FileHistory(directory, options);
  try {
    const fault = await history.play().catch((error: unknown) => `${(error as Error).stack}`);
    return fault === '' ? '' : `seed ${options.seed}: ${fault}\n${history.journal}`;
  } finally {
    await history.close();
    await rm(directory, { recursive: true, force: true });
  }
}

class FileHistory {
  readonly #seed: number;
  readonly #store = new MemoryWriter();
  readonly #weather: Weather;
  readonly #habits: HistoryHabits;
  readonly #files: HistoryFiles;
  readonly #agents: HistoryAgents;
  readonly #agentsMax: number;
  readonly #withinMs: number;
  /** Lines that were seen in the store, of the first so many. */
  readonly #stored = new Set<number>();
  #counted = 0;
  readonly #journal: string[] = [];
  readonly #acts: readonly Act[] = [
    ['write', 40, (random) => this.#files.write(random)],
    ['open anew', 8, () => this.#files.reopen()],
    ['rename away', 12, (random) => this.#files.rename(random)],
    ['copy and truncate', 6, (random) => this.#files.copyTruncate(random)],
    ['compress', 9, (random) => this.#files.compress(random)],
    ['unpack', 1, (random) => this.#files.unpack(random)],
    ['delete', 3, (random) => this.#files.delete(random)],
    ['truncate', 3, () => this.#files.truncate()],
    ['start', 8, () => this.#start()],
    ['stop', 5, () => this.#agents.stop()],
    ['kill', 7, async () => this.#agents.kill()],
    ['pause or go on', 5, () => this.#pauseOrGoOn()],
    ['away or back', 3, () => this.#goAwayOrBack()],
    ['read', 3, () => this.#readAll()],
    ['wait', 10, (random) => wait(random)],
  ];

  constructor(directory: string, { seed, around = (writer) => writer, withinMs = 20_000 }: HistoryOptions) {
    this.#seed = seed;
    this.#withinMs = withinMs;
    const random = this.#randomFor('habits');
    const isLate = random.next() < 0.5;
    const hasEvents = random.next() < 0.25;
    this.#agentsMax = random.next() < 0.25 ? 2 : 1;
    this.#habits = {
      // Of two agents, one may take the copy of a file that only the other one has read for a new file.
      hasCopies: this.#agentsMax === 1,
      naming: random.next() < 0.7 ? 'counts' : 'dates',
      keep: random.pick([2, 4, 100]),
      isLate,
      isSeeking: isLate && random.next() < 0.3,
      isHalting: isLate && !hasEvents && random.next() < 0.6,
      hasEvents,
      textOf: textsOf(random, hasEvents),
    };
    this.#weather = new Weather(this.#randomFor('weather'));
    this.#weather.lossRate = random.pick([0, 0, 0.02, 0.1]);
    this.#files = new HistoryFiles(directory, this.#habits, (line) => this.#isStored(line));
    const include = join(directory, random.next() < 0.5 ? 'app.log' : 'app.log*');
    this.#agents = new HistoryAgents({
      writer: around(this.#store),
      weather: this.#weather,
      source: { include: [include], ...(hasEvents && { multiline: { start: '^line' } }) },
      timings: {
        ...{ sweepMs: 50, stopMs: STOP_MS, trialMs: 5, trimMs: 200 },
        lingerMs: isLate ? NEVER_MS : 30,
        parkMs: random.pick([0, NEVER_MS]),
      },
    });
  }

  /** What happened, for whoever looks into a fault. */
  get journal(): string {
    const notices = this.#agents.notices.map(({ message }) => message);
    return [JSON.stringify(this.#habits), ...this.#journal, ...notices].join('\n');
  }

  /** Resolves with what is wrong, in words. */
  async play(): Promise<string> {
    await this.#begin();
    for (let step = 0; step < STEPS; step++) await this.#step(step);
    return this.#end();
  }

  async close(): Promise<void> {
    this.#weather.clearUp();
    await this.#agents.stopAll();
    await this.#files.close();
  }

  get #lines(): readonly string[] {
    return this.#store.linesOf(CHANNEL);
  }

  /** From here on the path is one that an agent has read: what is rotated before that is left alone. */
  async #begin(): Promise<void> {
    await this.#files.write(this.#randomFor('begin'));
    await this.#files.finishLine();
    await this.#agents.start();
    await waitFor('the first line', () => this.#lines.length > 0);
  }

  async #step(step: number): Promise<void> {
    const random = this.#randomFor(`step ${step}`);
    const deck = this.#acts.flatMap((act) => Array.from({ length: act[1] }, () => act));
    const [name, , act] = random.pick(deck);
    const { written } = this.#files;
    this.#journal.push(
      `${name}: ${written} written, ${this.#lines.length} stored, ${this.#agents.count} agents`,
    );
    await act(random);
  }

  /** Some agent is left to find its own way; then a fresh one must not find anything more. */
  async #end(): Promise<string> {
    const random = this.#randomFor('end');
    await this.#files.reopen();
    this.#weather.clearUp();
    if (random.next() < 0.5) this.#agents.kill();
    for (const _ of ['as it was left', 'afresh']) {
      if (this.#agents.count === 0) await this.#agents.start();
      await this.#files.write(random);
      await this.#files.finishLine();
      await this.#lastLineOnce();
      await this.#agents.stopAll();
    }
    return this.#fault();
  }

  #fault(): string {
    let last = 0;
    const stored = new Set<number>();
    for (const text of this.#lines) {
      const line = numberOf(text);
      if (text !== this.#habits.textOf(line))
        return `this is stored behind line ${last}, and was not written: ${text.slice(0, 200)}`;
      if (stored.has(line)) return `line ${line} is stored again behind line ${last}`;
      // The rest of a deleted file comes whenever the one agent that has it open comes to it.
      if (line < last && !this.#files.mayBeLost.has(line)) return `line ${line} follows line ${last}`;
      stored.add(line);
      last = Math.max(last, line);
    }
    for (let line = 1; line <= this.#files.written; line++)
      if (!stored.has(line) && !this.#files.mayBeLost.has(line)) return `line ${line} is missing`;
    return '';
  }

  #isStored(line: number): boolean {
    for (const text of this.#lines.slice(this.#counted)) this.#stored.add(numberOf(text));
    this.#counted = this.#lines.length;
    return this.#stored.has(line);
  }

  async #lastLineOnce(): Promise<void> {
    const { written } = this.#files;
    await waitFor(`line ${written}`, () => this.#isStored(written), { withinMs: this.#withinMs });
  }

  async #start(): Promise<void> {
    if (this.#agents.count < this.#agentsMax) await this.#agents.start();
  }

  async #pauseOrGoOn(): Promise<void> {
    this.#weather.isPaused = !this.#weather.isPaused;
  }

  async #goAwayOrBack(): Promise<void> {
    this.#weather.isAway = !this.#weather.isAway;
  }

  /** All that there is, as on a quiet day. */
  async #readAll(): Promise<void> {
    const { lossRate } = this.#weather;
    this.#weather.clearUp();
    await this.#start();
    if (this.#files.isWhole && !this.#files.mayBeLost.has(this.#files.written)) await this.#lastLineOnce();
    this.#weather.lossRate = lossRate;
  }

  #randomFor(purpose: string): Random {
    let state = this.#seed;
    for (const character of purpose) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
    return seededRandom(state);
  }
}

/** Some lines are long, so that a few of them fill a batch; with events, some have several rows. */
function textsOf(random: Random, hasEvents: boolean): (line: number) => string {
  const [longEvery, long] = [random.between(5, 200), 'x'.repeat(random.between(100, 20_000))];
  const rows = hasEvents ? '\n  and more' : '';
  return (line) => `line ${line}${line % longEvery === 0 ? ` ${long}` : ''}${rows.repeat(line % 3)}`;
}

function numberOf(text: string): number {
  return Number(/^line (\d+)/.exec(text)?.[1]);
}

async function wait(random: Random): Promise<void> {
  for (let turns = random.between(1, 200); turns > 0; turns--) await nextTurn();
}
