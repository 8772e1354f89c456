/**
 * What is done now and then, whether or not files change: retention for channels that nobody appends to, a
 * comparison with the store's positions, and forgetting sources whose files are gone.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { LogWriter } from '../shared/store/log-store.js';
import type { KnownSource, Ledger } from './ledger.js';
import { identityKey, lookAt } from './log-file.js';

/** Rounds of trimming between two comparisons with the store. */
const ROUNDS_PER_COMPARISON = 5;

export interface MaintenanceOptions {
  readonly writer: LogWriter;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly tenant: string;
  readonly host: string;
  readonly everyMs: number;
  channels(): ReadonlySet<string>;
  /** Sources that a lineage has at hand, resting ones too. */
  live(): ReadonlySet<KnownSource>;
  /** The store is behind what it had acknowledged for so many sources. */
  onRollback(sources: number): void;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  #nextAtMs: number;
  #round = 0;
  #work: Promise<void> | undefined;
  #isComparisonDue = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#nextAtMs = performance.now() + options.everyMs;
  }

  /** Compares positions as soon as possible: the store was away, or a source was seen to be behind. */
  compareSoon(): void {
    this.#isComparisonDue = true;
    this.#do(() => this.#compare());
  }

  sweep(): void {
    if (this.#isComparisonDue) this.compareSoon();
    if (this.#isComparisonDue || performance.now() < this.#nextAtMs) return;
    this.#nextAtMs = performance.now() + this.#options.everyMs;
    this.#isComparisonDue = ++this.#round % ROUNDS_PER_COMPARISON === 0;
    this.#do(() => this.#trim());
  }

  async stop(): Promise<void> {
    await this.#work;
  }

  /** One thing at a time. The store is away or refuses: the next round tries again. */
  #do(work: () => Promise<void>): void {
    const { logger } = this.#options;
    this.#work ??= work()
      .catch((error: unknown) => logger.debug(`maintenance is put off: ${messageOf(error)}`))
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #trim(): Promise<void> {
    const { writer, tenant } = this.#options;
    for (const channel of this.#options.channels()) await writer.trim({ tenant, channel });
  }

  async #compare(): Promise<void> {
    const { writer, ledger, tenant, host } = this.#options;
    const before = ledger.offsets();
    const records = await writer.sourcesOf(tenant, host);
    this.#isComparisonDue = false;
    const behind = ledger.goBack(records, before, this.#options.live());
    if (behind > 0) return this.#options.onRollback(behind);
    await this.#retire();
  }

  async #retire(): Promise<void> {
    const { ledger, writer, tenant } = this.#options;
    const live = this.#options.live();
    const presence = new Presence();
    const gone = new Map<string, string[]>();
    for (const known of ledger.all()) {
      if (live.has(known) || !(await isGone(known, ledger, presence))) continue;
      gone.set(known.channel, [...(gone.get(known.channel) ?? []), known.source]);
    }
    for (const [channel, sources] of gone) await writer.retireSources({ tenant, channel }, sources);
  }
}

/**
 * Whether no file beside the source's path has its device and inode, or the file became a later source. While
 * the file is there the source is kept, however old: it says that the file was read.
 */
async function isGone(known: KnownSource, ledger: Ledger, presence: Presence): Promise<boolean> {
  const { identity, generation, path } = known;
  if (identity.inode === '') return false;
  if (ledger.ofIdentity(identity)[0]?.generation !== generation) return true;
  return !(await presence.in(dirname(path))).has(identityKey(identity));
}

/** Which files there are in directories, each read once. */
class Presence {
  readonly #directories = new Map<string, Promise<ReadonlySet<string>>>();

  in(directory: string): Promise<ReadonlySet<string>> {
    const listed = this.#directories.get(directory) ?? identitiesIn(directory);
    this.#directories.set(directory, listed);
    return listed;
  }
}

async function identitiesIn(directory: string): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const name of await readdir(directory).catch(() => [])) {
    const look = await lookAt(join(directory, name)).catch(() => undefined);
    if (look !== undefined) keys.add(identityKey(look.identity));
  }
  return keys;
}
