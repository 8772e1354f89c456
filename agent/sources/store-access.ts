/**
 * Who may call the store while it does not serve. During an outage every reader stands still and one at a
 * time tries, with backoff; the first success wakes them all. An error that concerns one channel holds back
 * only the reader that met it. Each outage is announced once, and its end once.
 */
import { type Backoff, backoffDelay } from '../../shared/backoff.js';
import { messageOf, StoreError, type StoreErrorCode } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { TIMINGS } from '../timings.js';

export interface StoreClient {
  /** Names the client in notices: a path. */
  readonly path: string;
  /** It may try again. */
  wake(): void;
}

const BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/** Between two tries of lines that the store does not take, in times of the first pause. */
const TRIAL_PAUSES_MAX = 60;

/** These say something about one channel, its rights or its lines; all others about the store as a whole. */
const OF_ONE_CHANNEL: ReadonlySet<StoreErrorCode> = new Set(['forbidden', 'corrupt', 'refused']);

interface Held {
  attempts: number;
  message: string;
  timer: NodeJS.Timeout | undefined;
}

export interface Outage {
  /** When it was noticed, by the host's clock, in milliseconds since 1970. */
  readonly sinceMs: number;
  readonly message: string;
}

export class StoreAccess {
  readonly #logger: Logger;
  /** Called when an outage ends: the store may have lost what it acknowledged. */
  readonly #onBack: () => void;
  readonly #held = new Map<StoreClient, Held>();
  /** How long a client pauses whose lines the store does not take. */
  readonly #pause: Backoff;
  readonly #pauses = new Map<StoreClient, NodeJS.Timeout>();
  /** The one client whose lines are tried alone: what happens to others meanwhile is no fault of theirs. */
  #onTrial: StoreClient | undefined;
  readonly #awaitingTrial = new Set<StoreClient>();
  /** Clients that found the store away, longest waiting first; undefined while it serves. */
  #waiting: Set<StoreClient> | undefined;
  #outage: Outage | undefined;
  #isTold = false;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The one that may try now. */
  #scout: StoreClient | undefined;
  #closed = false;

  constructor(logger: Logger, onBack: () => void, trialMs = TIMINGS.trialMs) {
    this.#logger = logger;
    this.#onBack = onBack;
    this.#pause = { baseMs: trialMs, capMs: TRIAL_PAUSES_MAX * trialMs };
  }

  get isAway(): boolean {
    return this.#waiting !== undefined;
  }

  /** Why the store is away, and since when; undefined while it serves. */
  get outage(): Outage | undefined {
    return this.#outage;
  }

  /** What the store says against the lines of one client, though it serves others. */
  refusalOf(client: StoreClient): string | undefined {
    return this.#held.get(client)?.message;
  }

  /** Whether the client may not call the store now. */
  isClosedTo(client: StoreClient): boolean {
    if (this.#waiting !== undefined && this.#scout !== client) return true;
    return this.#held.get(client)?.timer !== undefined || this.#pauses.has(client);
  }

  /** Whether the client may call the store now; if not, it is woken when it may. */
  admits(client: StoreClient): boolean {
    if (this.#waiting !== undefined && this.#scout !== client) {
      this.#waiting.add(client);
      if (this.#scout === undefined) this.#schedule();
      return false;
    }
    return !this.isClosedTo(client);
  }

  /** The store answered, which says nothing yet on whether it takes the client's lines. */
  reached(): void {
    if (this.#waiting !== undefined) this.#end(this.#waiting);
  }

  /** The store did what the client wanted of it. */
  succeeded(client: StoreClient): void {
    const held = this.#held.get(client);
    if (held !== undefined) {
      clearTimeout(held.timer);
      this.#held.delete(client);
      this.#logger.info(`${client.path}: the store takes its lines again`);
    }
    this.reached();
  }

  failed(client: StoreClient, error: unknown): void {
    if (this.#closed) return;
    if (error instanceof StoreError && !OF_ONE_CHANNEL.has(error.code)) this.#awayFor(client, error);
    else this.#hold(client, error);
    this.passed(client);
  }

  /** The store does not take the client's lines, which is told; the client itself sees when it tries again. */
  refused(client: StoreClient, error: unknown): void {
    this.#refusal(client, error);
    this.passed(client);
  }

  /** Not again before a while, longer with each time; then it is woken. */
  pause(client: StoreClient, times: number): void {
    if (this.#closed || this.#pauses.has(client)) return;
    const end = () => {
      this.#pauses.delete(client);
      client.wake();
    };
    this.#pauses.set(client, setTimeout(end, backoffDelay(times, this.#pause)));
  }

  /** False while another client is on trial; it is woken when its turn may have come. */
  beginTrial(client: StoreClient): boolean {
    this.#onTrial ??= client;
    if (this.#onTrial !== client) this.#awaitingTrial.add(client);
    return this.#onTrial === client;
  }

  endTrial(client: StoreClient): void {
    if (this.#onTrial !== client) return;
    this.#onTrial = undefined;
    const waiting = [...this.#awaitingTrial];
    this.#awaitingTrial.clear();
    for (const other of waiting) other.wake();
  }

  /** The client is done with its turn; if it was the scout and did not reach the store, another goes. */
  passed(client: StoreClient): void {
    this.endTrial(client);
    if (this.#scout !== client) return;
    this.#scout = undefined;
    this.#schedule();
  }

  /** The client will not be woken by anything any more. */
  left(client: StoreClient): void {
    this.#waiting?.delete(client);
    this.#awaitingTrial.delete(client);
    clearTimeout(this.#pauses.get(client));
    this.#pauses.delete(client);
    clearTimeout(this.#held.get(client)?.timer);
    this.#held.delete(client);
    this.passed(client);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const timer of this.#pauses.values()) clearTimeout(timer);
    for (const { timer } of this.#held.values()) clearTimeout(timer);
  }

  #awayFor(client: StoreClient, error: StoreError): void {
    if (this.#waiting === undefined) {
      this.#waiting = new Set();
      this.#attempts = 0;
      this.#isTold = false;
      this.#outage = { sinceMs: Date.now(), message: error.message };
    }
    // A connection that ended is no outage before another one cannot be had.
    if (error.code !== 'interrupted' || client === this.#scout) this.#tell(error);
    // To the end of the line, so that the next scout is another one.
    this.#waiting.delete(client);
    this.#waiting.add(client);
    if (this.#scout === undefined) this.#schedule();
  }

  #tell(error: StoreError): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#logger.warn(`nothing is sent until the store is back; files keep their lines: ${error.message}`, {
      code: error.code,
    });
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting === undefined || this.#closed) return;
    this.#timer = setTimeout(() => this.#sendScout(), backoffDelay(this.#attempts++, BACKOFF));
  }

  #sendScout(): void {
    this.#timer = undefined;
    const [scout] = this.#waiting ?? [];
    if (scout === undefined) return;
    // If it fails it stands in line again; if it has nothing to send any more, it must not keep the others waiting.
    this.#waiting?.delete(scout);
    this.#scout = scout;
    scout.wake();
  }

  #end(waiting: ReadonlySet<StoreClient>): void {
    this.#waiting = undefined;
    this.#outage = undefined;
    this.#scout = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isTold) this.#logger.info('the store is back; sending goes on');
    this.#onBack();
    for (const client of waiting) client.wake();
  }

  #hold(client: StoreClient, error: unknown): void {
    const held = this.#refusal(client, error);
    held.timer ??= setTimeout(
      () => {
        held.timer = undefined;
        client.wake();
      },
      backoffDelay(held.attempts++, BACKOFF),
    );
  }

  #refusal(client: StoreClient, error: unknown): Held {
    const known = this.#held.get(client);
    const held = known ?? { attempts: 0, timer: undefined, message: '' };
    held.message = messageOf(error);
    this.#held.set(client, held);
    if (known === undefined)
      this.#logger.error(
        `${client.path}: the store refuses its lines; they stay in the file: ${held.message}`,
      );
    return held;
  }
}
