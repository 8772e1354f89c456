/**
 * A store as it looks over a bad network, and agents that are killed: calls wait, are refused, are lost on their
 * way there or on their way back, and what a killed agent had sent may still arrive, or not.
 */
import { StoreError } from '../../shared/errors.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type {
  AppendOutcome,
  LogWriter,
  OutgoingBatch,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../../shared/store/log-store.js';
import { WriterAround } from './agent-writers.js';
import type { Random } from './fault-random.js';

/** What all agents see of one store. */
export class Weather {
  /** Calls are refused at once. */
  isAway = false;
  /** Share of calls that are lost before they reach the store, and of replies that are lost. */
  lossRate = 0;
  readonly random: Random;
  #isPaused = false;
  readonly #waiting: (() => void)[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Appends wait until it goes on. */
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    if (!isPaused) for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** Appends that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async passed(): Promise<void> {
    if (this.#isPaused) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** From now on nothing is wrong. */
  clearUp(): void {
    this.isAway = false;
    this.lossRate = 0;
    this.isPaused = false;
  }
}

/** What one agent sees of it. */
export class FickleWriter extends WriterAround {
  readonly #weather: Weather;
  #isKilled = false;

  constructor(inner: LogWriter, weather: Weather) {
    super(inner);
    this.#weather = weather;
  }

  /** Nothing that the agent does from now on reaches the store, and it hears nothing more of it. */
  kill(): void {
    this.#isKilled = true;
  }

  override async openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    return this.#call(() => super.openSource(id, source, description, initial));
  }

  override async append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    return this.#call(async () => {
      await this.#weather.passed();
      if (this.#isKilled && this.#weather.random.next() < 0.5) throw killed();
      return super.append(id, batch, mark);
    });
  }

  override async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    return this.#call(() => super.sourcesOf(tenant, host));
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isKilled) throw killed();
    if (this.#weather.isAway) throw new StoreError('unavailable', 'away');
    this.#mayBeLost();
    const result = await call();
    if (this.#isKilled) throw killed();
    this.#mayBeLost();
    return result;
  }

  #mayBeLost(): void {
    const { lossRate, random } = this.#weather;
    if (random.next() >= lossRate) return;
    throw new StoreError(random.next() < 0.5 ? 'unavailable' : 'interrupted', 'lost');
  }
}

function killed(): StoreError {
  return new StoreError('unavailable', 'the agent was killed');
}
