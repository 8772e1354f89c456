/**
 * Gives space back: LevelDB keeps what was deleted until it compacts the range, and by itself it may never
 * come to the front of a log that only grows at its end. Runs beside everything else, one range at a time.
 */

import { messageOf } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { type ChannelId, channelKey } from '../../protocol/channel.js';
import type { Database } from './database.js';
import type { Evicted } from './eviction.js';
import type { KeyRange } from './keys.js';

/** Evicted bytes of a channel after which what they left is compacted. */
const COMPACT_AFTER_BYTES = 32 * 1024 * 1024;

export class Compaction {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #evicted = new Map<string, Evicted>();
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  /** To be told after the commit. Later ranges of a channel contain the earlier ones. */
  evicted(id: ChannelId, { bytes, ranges }: Evicted): void {
    const before = this.#evicted.get(channelKey(id))?.bytes ?? 0;
    this.#evicted.set(channelKey(id), { bytes: before + bytes, ranges });
    this.#consider();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #consider(): void {
    if (this.#running !== undefined || this.#isClosed) return;
    for (const [channel, { bytes, ranges }] of this.#evicted) {
      if (bytes < COMPACT_AFTER_BYTES) continue;
      this.#evicted.delete(channel);
      this.#running = this.#compact(ranges);
      return;
    }
  }

  async #compact(ranges: readonly KeyRange[]): Promise<void> {
    try {
      for (const { gte, lt } of ranges) await this.#database.level.compactRange(gte, lt);
    } catch (error) {
      // The database fails or is being opened again, which the next write reports; the space comes back later.
      this.#logger.debug('compaction ended early', { error: messageOf(error) });
    }
    this.#running = undefined;
    this.#consider();
  }
}
