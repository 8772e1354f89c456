/**
 * Fixed cases of what happens to files, each told once and played twice: before an agent, which must append
 * every line once, and before a naive reader, which must fail, or the case would prove nothing.
 */
import { readdir, rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import type { AgentTimings } from '../../agent/timings.js';
import { type AgentStand, agentStand } from './agent-stand.js';
import { HeldWriter } from './agent-writers.js';
import { MuteWriter } from './away-writer.js';
import { type KnownBy, NaiveTailer } from './naive-tailer.js';
import { waitFor } from './wait.js';

const CHANNEL = 'case';

/** Where a case is played: files, and a reader that comes, goes, and is waited for. */
export interface Stage {
  readonly stand: AgentStand;
  path(name: string): string;
  up(): Promise<void>;
  down(): Promise<void>;
  /** The reader has come so far: this many lines of all. */
  hasRead(lines: number): Promise<void>;
  /** From the start until `letGo` the reader's store takes nothing, so that what comes meanwhile is unread. */
  upHeld(): Promise<void>;
  /** From the start until `letGo` the reader's store cannot be reached, not even to ask what it has. */
  upMute(): Promise<void>;
  letGo(): void;
  /** The reader has said so; a naive one says nothing. */
  hasSaid(notice: RegExp): Promise<void>;
  /** The reader holds no file open. */
  rests(): Promise<void>;
}

export interface Case {
  /** What holds for the agent. */
  readonly promise: string;
  /** Name or glob in the stand's directory; default `app.log`. */
  readonly include?: string;
  /** The naive reader that this case is to be too much for. */
  readonly fools: KnownBy;
  /** Plays it and returns the lines that must have come, in order; `sorted` where files have no order. */
  play(stage: Stage): Promise<readonly string[]>;
  readonly isUnordered?: boolean;
  readonly timings?: Partial<AgentTimings>;
}

export function testCases(cases: readonly Case[]): void {
  for (const one of cases) {
    test(one.promise, () => playBeforeAgent(one));
    test(`control: a reader that knows files by ${inWords(one.fools)} fails where ${one.promise}`, () =>
      playBeforeNaive(one));
  }
}

async function playBeforeAgent(one: Case): Promise<void> {
  const { play, isUnordered = false } = one;
  const stage = new AgentStage(await agentStand(), one);
  const expected = await play(stage);
  const lines = await stage.stand.linesOnce(expected.length, CHANNEL);
  expect(isUnordered ? lines.toSorted() : lines).toEqual(isUnordered ? expected.toSorted() : expected);
}

async function playBeforeNaive({ include = 'app.log', play, fools }: Case): Promise<void> {
  const stand = await agentStand();
  const naive = new NaiveTailer(stand.directory, include, fools);
  const look = async () => naive.look();
  const expected = await play({
    stand,
    path: (name) => stand.path(name),
    ...{ up: look, down: look, hasRead: look, hasSaid: look, rests: look },
    ...{ upHeld: async () => {}, upMute: async () => {}, letGo: () => naive.look() },
  });
  naive.look();
  expect(naive.lines.toSorted()).not.toEqual(expected.toSorted());
}

class AgentStage implements Stage {
  readonly stand: AgentStand;
  readonly #case: Case;
  #agent: Agent | undefined;
  #letGo: () => void = () => {};

  constructor(stand: AgentStand, one: Case) {
    this.stand = stand;
    this.#case = one;
  }

  path(name: string): string {
    return this.stand.path(name);
  }

  async up(): Promise<void> {
    this.#agent = await this.stand.start(this.#options);
  }

  async upHeld(): Promise<void> {
    const writer = new HeldWriter(this.stand.writer);
    this.#letGo = writer.letGo;
    this.#agent = await this.stand.start({ ...this.#options, writer });
    await writer.firstAppend;
  }

  async upMute(): Promise<void> {
    const writer = new MuteWriter(this.stand.writer);
    this.#letGo = () => {
      writer.isAway = false;
    };
    this.#agent = await this.stand.start({ ...this.#options, writer });
  }

  letGo(): void {
    this.#letGo();
  }

  async down(): Promise<void> {
    await this.#agent?.stop();
  }

  async hasRead(lines: number): Promise<void> {
    await this.stand.linesOnce(lines, CHANNEL);
  }

  async hasSaid(notice: RegExp): Promise<void> {
    await this.stand.noticeOnce(notice);
  }

  /** Whoever rests has closed its file, and nobody keeps its inode from being used again. */
  async rests(): Promise<void> {
    await waitFor('the file to be closed', () => this.#agent?.stats().openFiles === 0);
  }

  get #options() {
    const { include = 'app.log', timings = {} } = this.#case;
    return { sources: [{ include: [this.stand.path(include)], channel: CHANNEL }], timings };
  }
}

/** app.log becomes app.log.<first>, that one the next, and the last one is overwritten. */
export async function shift(stage: Stage, first = 1, last = 9): Promise<void> {
  const names = new Set(await readdir(stage.stand.directory));
  for (let count = last; count > first; count--) {
    if (names.has(`app.log.${count - 1}`))
      await rename(stage.path(`app.log.${count - 1}`), stage.path(`app.log.${count}`));
  }
  await rename(stage.path('app.log'), stage.path(`app.log.${first}`));
}

function inWords(knownBy: KnownBy): string {
  const words: Readonly<Record<KnownBy, string>> = {
    name: 'name',
    inode: 'inode',
    head: 'their first bytes',
    blind: 'name and never starts again',
    eager: 'name and ends lines where files end',
    time: 'inode and trusts their times',
  };
  return words[knownBy];
}
