/** Writers around a real one, for what a test has to bring about at a given moment. */
import type { ChannelId } from '../../shared/protocol/channel.js';
import type {
  AppendOutcome,
  Batch,
  LogWriter,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../../shared/store/log-store.js';

class WriterAround implements LogWriter {
  protected readonly inner: LogWriter;

  constructor(inner: LogWriter) {
    this.inner = inner;
  }

  openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    return this.inner.openSource(id, source, description, initial);
  }

  append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    return this.inner.append(id, batch, mark);
  }

  sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    return this.inner.sourcesOf(tenant, host);
  }

  retireSources(id: ChannelId, sources: readonly string[]): Promise<void> {
    return this.inner.retireSources(id, sources);
  }

  trim(id: ChannelId): Promise<void> {
    return this.inner.trim(id);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Holds appends back until it is told to let go: a store that is slow just now. */
export class HeldWriter extends WriterAround {
  /** Resolves when the first append was asked for. */
  readonly firstAppend: Promise<void>;
  readonly #gate: Promise<void>;
  #onFirst: () => void = () => {};
  letGo: () => void = () => {};
  /** Appends that were asked for so far. */
  held = 0;

  constructor(inner: LogWriter) {
    super(inner);
    this.firstAppend = new Promise((resolve) => {
      this.#onFirst = resolve;
    });
    this.#gate = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    this.held++;
    this.#onFirst();
    await this.#gate;
    return super.append(id, batch, mark);
  }
}

/** Appends, and then reports that it failed: a reply that was lost. `isLost` is asked for every append. */
export class ForgetfulWriter extends WriterAround {
  readonly #isLost: () => boolean;
  readonly #error: () => Error;

  constructor(inner: LogWriter, isLost: () => boolean, error: () => Error) {
    super(inner);
    this.#isLost = isLost;
    this.#error = error;
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const outcome = await super.append(id, batch, mark);
    if (this.#isLost()) throw this.#error();
    return outcome;
  }
}

/**
 * The positive control of the position compare: a batch that the store refuses because it is there already
 * is appended all the same, under a source of its own.
 */
export class BlindWriter extends WriterAround {
  #blindAppends = 0;

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const outcome = await super.append(id, batch, mark);
    if (outcome.kind !== 'conflict') return outcome;
    const source = `blind-${++this.#blindAppends}`;
    const description = { host: 'blind', path: '-', device: '', inode: '', generation: 1, labels: {} };
    await super.openSource(id, source, description, { offset: batch.from, mark: '' });
    return super.append(id, { ...batch, source }, mark);
  }
}
