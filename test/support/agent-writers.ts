/** Writers around a real one, for what a test has to bring about at a given moment. */
import { openLogFile } from '../../agent/log-file.js';
import { MarkTrail } from '../../agent/mark.js';
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

/**
 * The positive control of the mark: every position is given the mark that the file has there now, as if a file
 * were known by device and inode alone.
 */
export class CredulousWriter extends WriterAround {
  readonly #path: string;

  constructor(inner: LogWriter, path: string) {
    super(inner);
    this.#path = path;
  }

  override async openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    return this.#believed(await super.openSource(id, source, description, initial));
  }

  override async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    const records = await super.sourcesOf(tenant, host);
    return Promise.all(
      records.map(async (record) => ({ ...record, position: await this.#believed(record.position) })),
    );
  }

  async #believed({ offset, mark }: SourcePosition): Promise<SourcePosition> {
    const file = await openLogFile(this.#path);
    if (file === undefined) return { offset, mark };
    const trail = await MarkTrail.at(file, offset);
    await file.close();
    return { offset, mark: trail?.mark(0n) ?? mark };
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
