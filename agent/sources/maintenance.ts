/**
 * What is done now and then, whether or not files change: retention for channels that nobody appends to, a
 * comparison with the store's positions, and forgetting sources whose files are gone.
 */
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { bygoneSources } from './bygone-sources.js';
import type { KnownSource, Ledger } from './ledger.js';

/** A comparison asks for much more than a trimming, and is due so much less often. */
const PERIODS_PER_COMPARISON = 5;

/** Channels trimmed at one sweep: with 10,000 of them a round takes some minutes, and not a core for seconds. */
const TRIMS_PER_SWEEP = 50;

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
  /** The store has what it had acknowledged; what it keeps nothing of was forgotten. */
  onCompared(): void;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  #nextTrimAtMs: number;
  #nextComparisonAtMs: number;
  /** Channels that this round has still to trim. */
  #untrimmed: string[] = [];
  #work: Promise<void> | undefined;
  #isComparisonDue = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#nextTrimAtMs = performance.now() + options.everyMs;
    this.#nextComparisonAtMs = performance.now() + options.everyMs * PERIODS_PER_COMPARISON;
  }

  /** Compares positions as soon as possible: the store was away, or a source was seen to be behind. */
  compareSoon(): void {
    this.#isComparisonDue = true;
    this.#do(() => this.#compare());
  }

  sweep(): void {
    const now = performance.now();
    const { everyMs, channels } = this.#options;
    if (this.#isComparisonDue || now >= this.#nextComparisonAtMs) {
      this.#nextComparisonAtMs = now + everyMs * PERIODS_PER_COMPARISON;
      this.compareSoon();
      return;
    }
    if (this.#untrimmed.length === 0 && now >= this.#nextTrimAtMs) {
      this.#nextTrimAtMs = now + everyMs;
      this.#untrimmed = [...channels()];
    }
    if (this.#untrimmed.length > 0) this.#do(() => this.#trimSome());
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

  async #trimSome(): Promise<void> {
    const { writer, tenant } = this.#options;
    const channels = this.#untrimmed.splice(-TRIMS_PER_SWEEP);
    await Promise.all(channels.map((channel) => writer.trim({ tenant, channel })));
  }

  async #compare(): Promise<void> {
    const { writer, ledger, tenant, host } = this.#options;
    const before = ledger.offsets();
    const records = await writer.sourcesOf(tenant, host);
    this.#isComparisonDue = false;
    const behind = ledger.goBack(records, before, this.#options.live());
    if (behind > 0) return this.#options.onRollback(behind);
    this.#options.onCompared();
    await this.#retire();
  }

  async #retire(): Promise<void> {
    const { ledger, writer, tenant } = this.#options;
    const bygone = new Set(await bygoneSources(ledger, this.#options.live()));
    const byChannel = new Map<string, string[]>();
    for (const known of ledger.all()) {
      // Of the names that a living source has left behind only the latest still says something.
      const names = bygone.has(known) ? [...known.earlier, known] : known.earlier.slice(0, -1);
      for (const { channel, source } of names)
        byChannel.set(channel, [...(byChannel.get(channel) ?? []), source]);
    }
    for (const [channel, sources] of byChannel) await writer.retireSources({ tenant, channel }, sources);
  }
}
