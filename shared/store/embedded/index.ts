/**
 * The log store in a directory, for one process: a laptop, or a single host. It keeps the same promises as
 * the one on Redis; what is acknowledged is on the disk.
 */
import { type Logger, SILENT } from '../../logger.js';
import type { LogStore, Retention } from '../log-store.js';
import { Committer } from './committer.js';
import { Compaction } from './compaction.js';
import { Database } from './database.js';
import { Doorbells } from './doorbells.js';
import { EmbeddedReader } from './reader.js';
import { EmbeddedWriter } from './writer.js';

export interface EmbeddedStoreOptions {
  /** Made if it is not there, readable by this user alone. */
  readonly directory: string;
  readonly retention: Retention;
  /** The store's clock in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  readonly logger?: Logger;
}

export type EmbeddedStore = LogStore & {
  /** Ends what is under way and gives the directory free. */
  close(): Promise<void>;
};

/**
 * Rejects with `StoreError('locked')` if a process has the directory open, `forbidden` if this user may not.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { directory, retention, now = Date.now, logger = SILENT } = options;
  const database = await Database.open(directory);
  const doorbells = new Doorbells();
  const compaction = new Compaction(database, logger);
  const committer = new Committer({ database, doorbells, compaction, retention, now });
  const reader = new EmbeddedReader(database, doorbells);
  const writer = new EmbeddedWriter({ committer, reader, now });
  return {
    writer,
    reader,
    async close() {
      await committer.close();
      await reader.close();
      await compaction.close();
      await database.close();
    },
  };
}
