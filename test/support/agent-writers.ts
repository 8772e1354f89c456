/** Writers around a real one, for what a test has to bring about at a given moment. */
import { openLogFile } from '../../agent/files/log-file.js';
import { MarkTrail } from '../../agent/files/mark.js';
import { StoreError } from '../../shared/errors.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type {
  AppendOutcome,
  Batch,
  LogWriter,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../../shared/store/log-store.js';
import { withResolvers } from '../../shared/with-resolvers.js';

export class WriterAround implements LogWriter {
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
    return { offset, mark: trail?.mark() ?? mark };
  }
}

/** The positive control of the mark for copies: positions come back without one. */
export class ObliviousWriter extends WriterAround {
  override async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    const records = await super.sourcesOf(tenant, host);
    return records.map((record) => ({ ...record, position: { ...record.position, mark: '' } }));
  }
}

/** The positive control of the search for rotated files: no file was ever read under any path. */
export class ForgottenPathWriter extends WriterAround {
  override async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    const records = await super.sourcesOf(tenant, host);
    return records.map((record) => ({ ...record, description: { ...record.description, path: '/-' } }));
  }
}

/** Stores as an agent does that runs while the device of the files has another number, and only reads to its end. */
export class RenumberedWriter extends WriterAround {
  override openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    return super.openSource(id, renumbered(source), { ...description, device: '1' }, initial);
  }

  override append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    return super.append(id, { ...batch, source: renumbered(batch.source) }, mark);
  }
}

/** The device is in the beginning of the name, a hash. */
function renumbered(source: string): string {
  return `0000${source.slice(4)}`;
}

/** Holds appends back until it is told to let go: a store that is slow just now. */
export class HeldWriter extends WriterAround {
  /** Resolves when the first append was asked for. */
  readonly firstAppend: Promise<void>;
  readonly letGo: () => void;
  /** Appends that were asked for so far. */
  held = 0;
  readonly #first = withResolvers();
  readonly #gate = withResolvers();

  constructor(inner: LogWriter) {
    super(inner);
    this.firstAppend = this.#first.promise;
    this.letGo = this.#gate.resolve;
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    this.held++;
    this.#first.resolve();
    await this.#gate.promise;
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

/** Takes some batches, and is not to be reached any more then. */
export class TiringWriter extends WriterAround {
  #left: number;

  constructor(inner: LogWriter, batches: number) {
    super(inner);
    this.#left = batches;
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    if (this.#left-- <= 0) throw new StoreError('unavailable', 'gone');
    return super.append(id, batch, mark);
  }
}

/**
 * The positive control of asking the store for positions: believes what was acknowledged, whatever the store
 * says of it since.
 */
export class TrustingWriter extends WriterAround {
  conflicts = 0;
  readonly #acknowledged = new Map<string, SourcePosition>();

  override async openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    const position = await super.openSource(id, source, description, initial);
    return this.#acknowledged.get(source) ?? position;
  }

  override async append(id: ChannelId, batch: Batch, mark: string): Promise<AppendOutcome> {
    const outcome = await super.append(id, batch, mark);
    if (outcome.kind === 'appended') this.#acknowledged.set(batch.source, { offset: batch.to, mark });
    else this.conflicts++;
    return outcome;
  }

  override async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    const records = await super.sourcesOf(tenant, host);
    return records.map((record) => ({
      ...record,
      position: this.#acknowledged.get(record.source) ?? record.position,
    }));
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
