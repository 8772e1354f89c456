/**
 * A link to a store that comes and goes, in simulated time: for each call, whether it gets through and how it
 * fails. It knows of what a call carries only its length, as a network does; whoever calls says what the store
 * does then. Vitest's fake timers are its clock.
 */
import { StoreError } from '../../shared/errors.js';
import type { Random } from './fault-random.js';

/** `refusing`: every write gets an error that nobody has a rule for. `silent`: no answer comes. */
export type Weather = 'up' | 'down' | 'refusing' | 'silent';

export interface Climate {
  /** How long each weather lasts on average, in milliseconds. */
  readonly meanMs: Readonly<Partial<Record<Weather, number>>>;
  readonly msPerByte: number;
}

const LATENCY_MS = 1;
const DEADLINE_MS = 5_000;

export const UNAVAILABLE = new StoreError('unavailable', 'away', { retryable: true });
export const INTERRUPTED = new StoreError('interrupted', 'closed', { retryable: true });
export const REFUSED = new StoreError('refused', 'no', { retryable: true });

export class FlappingLink {
  calls = 0;
  readonly #random: Random;
  readonly #climate: Climate;
  /** After so many calls it stays up. */
  readonly #callsMax: number;
  #weather: Weather = 'up';
  #changesAtMs = Date.now();
  /** What is sent at once passes one after another. */
  #busyUntilMs = 0;

  constructor(random: Random, climate: Climate, callsMax: number) {
    this.#random = random;
    this.#climate = climate;
    this.#callsMax = callsMax;
  }

  /** Resolves when the call has reached the store and its answer has come back. */
  async call<T>(bytes: number, isWrite: boolean, act: () => T): Promise<T> {
    this.calls++;
    const startMs = Math.max(Date.now(), this.#busyUntilMs);
    this.#busyUntilMs = startMs + LATENCY_MS + bytes * this.#climate.msPerByte;
    const weather = this.#weatherAt(Date.now());
    if (weather === 'down') return this.#fails(LATENCY_MS, UNAVAILABLE);
    if (weather === 'silent') return this.#fails(DEADLINE_MS, UNAVAILABLE);
    const endsAtMs = this.#changesAtMs;
    const arrivesAtMs = this.#busyUntilMs;
    if (endsAtMs < arrivesAtMs) {
      this.#busyUntilMs = endsAtMs;
      return this.#fails(endsAtMs - Date.now(), INTERRUPTED);
    }
    if (arrivesAtMs - Date.now() > DEADLINE_MS) return this.#fails(DEADLINE_MS, UNAVAILABLE);
    await passMs(arrivesAtMs - Date.now());
    if (isWrite && weather === 'refusing') throw REFUSED;
    const result = act();
    // Now and then the answer is lost, and what was done is done.
    if (this.calls < this.#callsMax && this.#random.next() < 0.05) throw INTERRUPTED;
    return result;
  }

  async #fails(afterMs: number, error: StoreError): Promise<never> {
    await passMs(afterMs);
    throw error;
  }

  #weatherAt(nowMs: number): Weather {
    if (this.calls >= this.#callsMax) {
      this.#changesAtMs = Number.POSITIVE_INFINITY;
      this.#weather = 'up';
    }
    while (this.#changesAtMs <= nowMs) {
      const others = Object.entries(this.#climate.meanMs).filter(([name]) => name !== this.#weather);
      const [name, meanMs] = this.#random.pick(others) as [Weather, number];
      this.#weather = name;
      this.#changesAtMs += -Math.log(1 - this.#random.next()) * meanMs;
    }
    return this.#weather;
  }
}

/** The global timer: the one of node:timers/promises is not Vitest's. */
function passMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
