/**
 * The only place that writes: takes the operations that wait, lets each prepare its part in the order they
 * came, and commits them all with one synced write. While a commit is under way the next group gathers, so
 * the cost of a sync is shared by whoever came meanwhile. Nothing is kept in memory between two commits that
 * the disk does not hold, hence nothing can disagree with it after a failed one.
 */
import type { ChannelId } from '../../protocol/channel.js';
import type { Retention } from '../log-store.js';
import type { Compaction } from './compaction.js';
import type { Database } from './database.js';
import type { Doorbells } from './doorbells.js';
import { Draft } from './draft.js';
import { type Evicted, evict } from './eviction.js';

const OPERATIONS_AT_ONCE = 256;

/**
 * Puts its part into the draft, or nothing if it throws: all that can fail comes before its first change.
 * Returns what to answer once the draft is committed.
 */
export type Operation<T> = (draft: Draft) => Promise<() => T>;

interface Waiting {
  readonly prepare: Operation<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Prepared {
  readonly waiting: Waiting;
  readonly answer: () => unknown;
}

export interface CommitterOptions {
  readonly database: Database;
  readonly doorbells: Doorbells;
  readonly compaction: Compaction;
  readonly retention: Retention;
  readonly now: () => number;
}

export class Committer {
  readonly #options: CommitterOptions;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;
  /** A write failed: what LevelDB holds in memory is no longer what its files say. */
  #mustReopen = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  submit<T>(prepare: Operation<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#options.database.closedError());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ prepare, resolve: resolve as Waiting['resolve'], reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything submitted is committed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever is submitted in the same turn belongs to the first group already.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0, OPERATIONS_AT_ONCE));
    this.#running = undefined;
  }

  async #commit(group: Waiting[]): Promise<void> {
    const { database, doorbells } = this.#options;
    try {
      if (this.#mustReopen) await this.#reopen();
      const draft = new Draft(database.level);
      const prepared = await this.#prepare(group, draft);
      await this.#write(draft);
      for (const { waiting, answer } of prepared) waiting.resolve(answer());
      doorbells.ring(draft.appended.values(), draft.newTenants);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  async #reopen(): Promise<void> {
    await this.#options.database.reopen();
    this.#mustReopen = false;
  }

  async #prepare(group: readonly Waiting[], draft: Draft): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    for (const waiting of group) {
      try {
        const answer = await this.#options.database.attempt(() => waiting.prepare(draft));
        prepared.push({ waiting, answer });
      } catch (error) {
        waiting.reject(error);
      }
    }
    return prepared;
  }

  async #write(draft: Draft): Promise<void> {
    const { database, compaction, retention, now } = this.#options;
    await database.attempt(async () => {
      const freed: [ChannelId, Evicted][] = [];
      for (const id of draft.retained.values()) {
        const evicted = await evict(draft, id, retention, now());
        if (evicted !== undefined) freed.push([id, evicted]);
      }
      const operations = draft.operations();
      if (operations.length === 0) return;
      this.#mustReopen = true;
      await database.level.batch(operations, { sync: true });
      this.#mustReopen = false;
      for (const [id, evicted] of freed) compaction.evicted(id, evicted);
    });
  }
}
