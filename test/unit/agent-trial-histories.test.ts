/**
 * Random outages of every kind and rhythm, in simulated time, against one good line: whatever happens it is never
 * set aside. And against a bad one: it is, once the store has come to rest. The seed is printed.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outgoing } from '../../agent/sources/publisher.js';
import { StoreAccess } from '../../agent/sources/store-access.js';
import { Trial } from '../../agent/sources/trial.js';
import { newCounters } from '../../agent/status/agent-stats.js';
import { SILENT } from '../../shared/logger.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { announcedRandom, type Random } from '../support/fault-random.js';
import { type Climate, FlappingLink, INTERRUPTED, REFUSED, type Weather } from '../support/flapping-link.js';

const HISTORIES = Number(process.env['FAULT_ROUNDS'] ?? 100) * 10;
const CALLS_MAX = 400;
const LINE_BYTES = 1_000_000;
const LINE = { json: Buffer.alloc(0), lines: 1, cut: [] };
const OUTGOING: Outgoing = {
  ...{ from: 0, lines: LINE, position: { offset: LINE_BYTES, mark: '' }, isPlaceholder: false },
};

/** Taken before the timers are Vitest's. */
const { setImmediate: soon } = globalThis;
const realTurn = () => new Promise<void>((resolve) => void soon(resolve));

type Fate = 'taken' | 'set_aside';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** From bursts of a millisecond to outages of minutes, beside a line that takes a millisecond or two seconds. */
function climate(random: Random): Climate {
  const anyMs = () => 10 ** (random.next() * 5.5);
  const weathers: Weather[] = ['down', 'refusing', 'silent'];
  const some = weathers.filter(() => random.next() < 0.6);
  const meanMs = Object.fromEntries(
    ['up', ...(some.length > 0 ? some : ['down'])].map((name) => [name, anyMs()]),
  );
  return { meanMs, msPerByte: 10 ** (random.next() * 3.3) / LINE_BYTES };
}

/** What a session does with one line, on a store that holds nothing but its fate. */
class Delivery {
  fate: Fate | undefined;
  readonly #link: FlappingLink;
  readonly #poison: Error | undefined;
  readonly #access: StoreAccess;
  readonly #trial: Trial;
  readonly #client = { path: 'the line', wake: () => {} };

  /** `isHeeded`: whether it is seen how the store takes what is sent to try it. */
  constructor(link: FlappingLink, trialMs: number, poison: Error | undefined, isHeeded: boolean) {
    this.#link = link;
    this.#poison = poison;
    this.#access = new StoreAccess(SILENT, () => {}, trialMs);
    const probe = async () => {
      const answer = link.call(64 * 1024, false, () => ({ kind: 'unknown_source' as const }));
      return isHeeded ? answer : answer.catch(() => ({ kind: 'unknown_source' as const }));
    };
    const writer = { append: probe } as unknown as LogWriter;
    const id = { tenant: 'acme', channel: 'app' };
    const shared = { access: this.#access, counters: newCounters(), logger: SILENT };
    this.#trial = new Trial({ ...shared, writer }, this.#client, { id, source: 's' });
  }

  async run(): Promise<Fate> {
    while (this.fate === undefined) {
      const woken = new Promise<void>((resolve) => {
        this.#client.wake = resolve;
      });
      if (await this.#turn()) continue;
      this.#access.passed(this.#client);
      await woken;
    }
    this.#access.close();
    return this.fate;
  }

  /** False where it has to wait until it is woken. */
  async #turn(): Promise<boolean> {
    if (!this.#access.admits(this.#client)) return false;
    let offset: number;
    try {
      offset = await this.#link.call(0, false, () => (this.fate === undefined ? 0 : LINE_BYTES));
    } catch (error) {
      this.#trial.unanswered(error);
      return false;
    }
    this.#access.reached();
    if (!(await this.#trial.admits(offset))) return false;
    await this.#send();
    return true;
  }

  async #send(): Promise<void> {
    const placeholder = this.#trial.placeholderOf(OUTGOING);
    const isLineSent = placeholder === undefined || this.#trial.plan.kind !== 'placeholder';
    const line = isLineSent ? this.#append(OUTGOING, LINE_BYTES, 'taken', this.#poison) : undefined;
    const instead = placeholder && this.#append(placeholder, 100, 'set_aside', undefined);
    const failures = [await line, await instead];
    if (placeholder !== undefined && failures[1] !== undefined) this.#trial.placeholderReturned(failures[1]);
    const first = failures.find((failure) => failure !== undefined);
    if (first !== undefined) this.#trial.failed(first);
  }

  async #append(outgoing: Outgoing, payloadBytes: number, fate: Fate, poison: Error | undefined) {
    const act = () => {
      if (poison !== undefined) throw poison;
      this.fate ??= fate;
    };
    try {
      await this.#link.call(payloadBytes, true, act);
    } catch (error) {
      return { kind: 'error', error, outgoing, payloadBytes } as const;
    }
    this.#access.succeeded(this.#client);
    return undefined;
  }
}

async function fateOf(delivery: Delivery): Promise<Fate> {
  let fate: Fate | undefined;
  const run = delivery.run().then((found) => {
    fate = found;
  });
  while (fate === undefined) {
    await vi.advanceTimersToNextTimerAsync();
    // What came of it goes on for some turns of promises.
    if (vi.getTimerCount() === 0) await realTurn();
    if (vi.getTimerCount() === 0 && fate === undefined) throw new Error('nothing would ever wake it again');
  }
  await run;
  return fate;
}

async function fates(
  random: Random,
  count: number,
  poison?: Error,
  isHeeded = true,
): Promise<Record<Fate, number>> {
  const found = { taken: 0, set_aside: 0 };
  for (let history = 0; history < count; history++) {
    const link = new FlappingLink(random, climate(random), CALLS_MAX);
    found[await fateOf(new Delivery(link, random.pick([1, 50, 500]), poison, isHeeded))]++;
  }
  return found;
}

test(`in ${HISTORIES} random histories of outages no good line is set aside`, async () => {
  const random = announcedRandom('agent-trial-histories');
  expect(await fates(random, HISTORIES)).toEqual({ taken: HISTORIES, set_aside: 0 });
}, 600_000);

test('without heeding how the store takes other bytes meanwhile, good lines are set aside', async () => {
  const random = announcedRandom('agent-trial-histories, control');
  let wronged = 0;
  for (let round = 0; round < 50 && wronged === 0; round++)
    wronged += (await fates(random, 100, undefined, false)).set_aside;
  expect(wronged).toBeGreaterThan(0);
}, 600_000);

test.each([
  ['refused', REFUSED],
  ['the end of its connection', INTERRUPTED],
])('a line that is always %s is set aside, whatever outages come in between', async (_, poison) => {
  const random = announcedRandom('agent-trial-histories, poison');
  expect(await fates(random, 100, poison)).toEqual({ taken: 0, set_aside: 100 });
});
