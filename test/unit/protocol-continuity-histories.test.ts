/**
 * The continuity rule against random histories: what a client believes must be what the store holds, but for
 * the lines that a gap has named. A failure names the seed that repeats it.
 */
import { expect, test } from 'vitest';
import { checkContinuity, VOID_POSITION } from '../../shared/protocol/index.js';
import { ModelChannel, ModelClient } from '../support/channel-model.js';
import { type Random, seededRandom } from '../support/fault-random.js';

type Rule = typeof checkContinuity;
type Happening = 'append' | 'trim' | 'roll_back' | 'recreate' | 'read' | 'join';

const SEEDS = Array.from({ length: 2_000 }, (_, index) => index + 1);
const STEPS = 50;
const ORDINARY: readonly Happening[] = ['append', 'append', 'trim', 'read', 'read', 'join'];
const EVERYTHING: readonly Happening[] = [...ORDINARY, 'roll_back', 'recreate'];

test('whatever happens to a store, every line comes once and in order or is named by a gap', () => {
  expect(failures(EVERYTHING)).toEqual([]);
});

test('a store that never goes back shows no other gaps than trimmed ones', () => {
  for (const seed of SEEDS) {
    const history = new History(seededRandom(seed), checkContinuity);
    history.run(ORDINARY);
    for (const client of history.clients) {
      client.catchUp(history.channel);
      expect(
        client.gaps.filter(({ reason }) => reason !== 'trimmed'),
        `seed ${seed}`,
      ).toEqual([]);
    }
  }
});

test('control: a rule that does not look for the entry of the cursor lets lines be left out in silence', () => {
  const blind: Rule = (cursor, view, first) => checkContinuity(cursor, { ...view, anchored: true }, first);
  expect(failures(EVERYTHING, blind)).not.toEqual([]);
});

test('control: a rule that does not compare epochs lets lines be left out in silence', () => {
  const blind: Rule = (cursor, view, first) => checkContinuity({ ...cursor, epoch: view.epoch }, view, first);
  expect(failures(EVERYTHING, blind)).not.toEqual([]);
});

test('control: a rule that finds everything contiguous lets lines be left out in silence', () => {
  expect(failures(EVERYTHING, () => ({ kind: 'contiguous', skip: 0 }))).not.toEqual([]);
});

test('known limit: of a loss whose traces were trimmed before the client came back it learns only the trimming', () => {
  const channel = new ModelChannel();
  channel.append(2);
  channel.passTime(1);
  channel.append(2);
  const client = new ModelClient(VOID_POSITION);
  client.catchUp(channel);
  channel.rollBack(1);
  channel.passTime(1);
  channel.append(4);
  channel.passTime(1);
  channel.append(1);
  channel.trim(2);
  expect(client.catchUp(channel)).toBe('line 3 is another one');
  expect(client.gaps.map(({ reason, from, to }) => ({ reason, from, to }))).toEqual([
    { reason: 'trimmed', from: 5, to: 6 },
  ]);
});

/** What is wrong at the end of each history, if anything. */
function failures(happenings: readonly Happening[], rule: Rule = checkContinuity): string[] {
  return SEEDS.flatMap((seed) => {
    const history = new History(seededRandom(seed), rule);
    return history.problems(happenings).map((problem) => `seed ${seed}: ${problem}`);
  });
}

class History {
  readonly channel = new ModelChannel();
  readonly clients: ModelClient[];
  /** Clients that have not looked since the store went back. */
  readonly #unaware = new Set<ModelClient>();
  readonly #random: Random;
  readonly #rule: Rule;

  constructor(random: Random, rule: Rule) {
    this.#random = random;
    this.#rule = rule;
    this.clients = [new ModelClient(VOID_POSITION, rule)];
  }

  problems(happenings: readonly Happening[]): string[] {
    try {
      this.run(happenings);
      return this.clients
        .map((client) => client.catchUp(this.channel))
        .filter((problem) => problem !== undefined);
    } catch (error) {
      return [String(error)];
    }
  }

  run(happenings: readonly Happening[]): void {
    for (let step = 0; step < STEPS; step += 1) {
      this.channel.passTime(this.#random.between(0, 3));
      this.#happen(this.#random.pick(happenings));
    }
  }

  #happen(happening: Happening): void {
    const { channel } = this;
    const random = this.#random;
    if (happening === 'append') channel.append(random.between(1, 5));
    // A loss whose traces are trimmed before a client looks cannot be told: the known limit above.
    if (happening === 'trim' && this.#unaware.size === 0) channel.trim(random.between(1, 4));
    if (happening === 'roll_back') this.#rollBack(random.between(0, channel.states - 1));
    if (happening === 'recreate') channel.recreate();
    if (happening === 'read') this.#read(random.pick(this.clients));
    if (happening === 'join')
      this.clients.push(new ModelClient(channel.locateTail(random.between(0, 6)), this.#rule));
  }

  #rollBack(moment: number): void {
    this.channel.rollBack(moment);
    for (const client of this.clients) this.#unaware.add(client);
  }

  #read(client: ModelClient): void {
    client.step(this.channel);
    this.#unaware.delete(client);
  }
}
