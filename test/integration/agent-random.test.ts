/**
 * Random histories of one path: lines written in pieces, rotation by rename and by copy, agents stopped and
 * broken off in the middle of an append. Whatever comes, each line is stored once and in order.
 */
import { appendFile, copyFile, readdir, rename, truncate } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Agent } from '../../agent/index.js';
import { type AgentStand, agentStand, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';

const ROUNDS = Number(process.env['TAILRACE_ROUNDS'] ?? 12);
const STEPS = 40;

class History {
  readonly stand: AgentStand;
  readonly #random: () => number;
  #written = 0;
  #rotations = 0;
  #agent: Agent | undefined;
  #sources: readonly Record<string, unknown>[];

  constructor(stand: AgentStand, random: () => number) {
    this.stand = stand;
    this.#random = random;
    this.#sources = [{ include: [stand.path(random() < 0.5 ? 'app.log' : 'app.log*')] }];
  }

  /** From here on the path is one that an agent has read: what is rotated before that is left alone. */
  async begin(): Promise<void> {
    await this.#write();
    await this.#restart();
    await this.stand.linesOnce(1);
  }

  async step(): Promise<void> {
    const draw = this.#random();
    if (draw < 0.5) await this.#write();
    else if (draw < 0.62) await this.#renameAway();
    else if (draw < 0.74) await this.#copyTruncate();
    else if (draw < 0.84) await this.#restart();
    else if (draw < 0.9) await this.#breakOff();
    else for (let turns = 0; turns < 200; turns++) await nextTurn();
  }

  async end(): Promise<void> {
    await this.#write();
    await this.#restart();
    const lines = await this.stand.linesOnce(this.#written);
    const wrong = lines.findIndex((line, index) => line !== `line ${index + 1}`);
    expect(wrong === -1 ? 'in order' : `${lines[wrong]} in place ${wrong + 1}`).toBe('in order');
    expect(lines).toHaveLength(this.#written);
  }

  async #write(): Promise<void> {
    const count = 1 + Math.floor(this.#random() ** 4 * 20_000);
    const lines = numbered(this.#written + 1, this.#written + count);
    this.#written += count;
    const text = `${lines.join('\n')}\n`;
    const cut = Math.floor(this.#random() * text.length);
    await appendFile(this.stand.path('app.log'), text.slice(0, cut));
    if (this.#random() < 0.5) await nextTurn();
    await appendFile(this.stand.path('app.log'), text.slice(cut));
  }

  async #shift(): Promise<boolean> {
    const names = await readdir(this.stand.directory);
    for (let count = ++this.#rotations; count > 1; count--) {
      const [from, to] = [`app.log.${count - 1}`, `app.log.${count}`];
      if (names.includes(from)) await rename(this.stand.path(from), this.stand.path(to));
    }
    return names.includes('app.log');
  }

  async #renameAway(): Promise<void> {
    if (!(await this.#shift())) return;
    await rename(this.stand.path('app.log'), this.stand.path('app.log.1'));
    if (this.#random() < 0.5) await appendFile(this.stand.path('app.log'), '');
  }

  async #copyTruncate(): Promise<void> {
    if (!(await this.#shift())) return;
    await copyFile(this.stand.path('app.log'), this.stand.path('app.log.1'));
    await truncate(this.stand.path('app.log'));
  }

  async #restart(): Promise<void> {
    await this.#agent?.stop();
    this.#agent = await this.stand.start({ sources: this.#sources });
  }

  /** An agent that reads and never gets an answer, and is gone. */
  async #breakOff(): Promise<void> {
    await this.#agent?.stop();
    const writer = new HeldWriter(this.stand.writer);
    const broken = await this.stand.start({ sources: this.#sources, writer, timings: { stopMs: 20 } });
    await broken.stop();
    this.#agent = undefined;
  }
}

test('every line of a random history is stored once and in order', async () => {
  const firstSeed = Number(process.env['TAILRACE_SEED'] ?? Date.now() % 1_000_000);
  for (let seed = firstSeed; seed < firstSeed + ROUNDS; seed++) {
    const history = new History(await agentStand(), randomFrom(seed));
    try {
      await history.begin();
      for (let step = 0; step < STEPS; step++) await history.step();
      await history.end();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
