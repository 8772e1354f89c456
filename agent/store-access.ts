/**
 * Who may call the store while it does not serve. During an outage every reader stands still and one at a
 * time tries, with backoff; the first success wakes them all. An error that concerns one channel holds back
 * only the reader that met it. Each outage is announced once, and its end once.
 */
import { type Backoff, backoffDelay } from '../shared/backoff.js';
import { messageOf, StoreError, type StoreErrorCode } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';

export interface StoreClient {
  /** Names the client in notices: a path. */
  readonly path: string;
  /** It may try again. */
  wake(): void;
}

const BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/** These say something about one channel or its rights; all others about the store as a whole. */
const OF_ONE_CHANNEL: ReadonlySet<StoreErrorCode> = new Set(['forbidden', 'corrupt']);

interface Held {
  attempts: number;
  timer: NodeJS.Timeout | undefined;
}

export class StoreAccess {
  readonly #logger: Logger;
  /** Called when an outage ends: the store may have lost what it acknowledged. */
  readonly #onBack: () => void;
  readonly #held = new Map<StoreClient, Held>();
  /** Clients that found the store away, longest waiting first; undefined while it serves. */
  #waiting: Set<StoreClient> | undefined;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The one that may try now. */
  #scout: StoreClient | undefined;
  #closed = false;

  constructor(logger: Logger, onBack: () => void) {
    this.#logger = logger;
    this.#onBack = onBack;
  }

  get isAway(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether the client may call the store now; if not, it is woken when it may. */
  admits(client: StoreClient): boolean {
    if (this.#waiting !== undefined && this.#scout !== client) {
      this.#waiting.add(client);
      return false;
    }
    return this.#held.get(client)?.timer === undefined;
  }

  succeeded(client: StoreClient): void {
    const held = this.#held.get(client);
    if (held !== undefined) {
      this.#held.delete(client);
      this.#logger.info(`${client.path}: the store takes its lines again`);
    }
    if (this.#waiting !== undefined) this.#end(this.#waiting);
  }

  failed(client: StoreClient, error: unknown): void {
    if (this.#closed) return;
    if (error instanceof StoreError && !OF_ONE_CHANNEL.has(error.code)) this.#awayFor(client, error);
    else this.#hold(client, error);
    this.passed(client);
  }

  /** The client is done with its turn; if it was the scout and did not reach the store, another goes. */
  passed(client: StoreClient): void {
    if (this.#scout !== client) return;
    this.#scout = undefined;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { timer } of this.#held.values()) clearTimeout(timer);
  }

  #awayFor(client: StoreClient, error: StoreError): void {
    if (this.#waiting === undefined) {
      this.#waiting = new Set();
      this.#attempts = 0;
      this.#logger.warn(`nothing is sent until the store is back; files keep their lines: ${error.message}`, {
        code: error.code,
      });
    }
    // To the end of the line, so that the next scout is another one.
    this.#waiting.delete(client);
    this.#waiting.add(client);
    if (this.#scout === undefined) this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting === undefined || this.#closed) return;
    this.#timer = setTimeout(() => this.#sendScout(), backoffDelay(this.#attempts++, BACKOFF));
  }

  #sendScout(): void {
    this.#timer = undefined;
    const [scout] = this.#waiting ?? [];
    this.#scout = scout;
    scout?.wake();
  }

  #end(waiting: ReadonlySet<StoreClient>): void {
    this.#waiting = undefined;
    this.#scout = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#logger.info('the store is back; sending goes on');
    this.#onBack();
    for (const client of waiting) client.wake();
  }

  #hold(client: StoreClient, error: unknown): void {
    const held = this.#held.get(client) ?? { attempts: 0, timer: undefined };
    if (held.timer !== undefined) return;
    if (held.attempts === 0)
      this.#logger.error(
        `${client.path}: the store refuses its lines; they stay in the file: ${messageOf(error)}`,
      );
    this.#held.set(client, held);
    held.timer = setTimeout(
      () => {
        held.timer = undefined;
        client.wake();
      },
      backoffDelay(held.attempts++, BACKOFF),
    );
  }
}
