/**
 * The log store in domain words, in two halves: an agent sees only `LogWriter`, a hub only `LogReader`.
 * Two implementations keep these promises, and one conformance suite (test/conformance) holds them to it:
 *
 *  1. `append` is one atomic step: the batch, the source's position, the channel's next seq, the retention
 *     and the doorbell all happen, or nothing does.
 *  2. A batch is stored only if it starts where its source's position is. Whoever sends it again, after a
 *     lost reply or from a second agent, gets a conflict that names the position, and nothing is written.
 *  3. Sequence numbers of a channel are dense from 1 within an epoch.
 *  4. `read` shows batches, epoch and bounds of one instant: trimming in between cannot hide a hole.
 *  5. What was acknowledged survives `kill -9` of every tailrace process. What the store itself loses after
 *     that (a power cut, a failover) shows as a lower position or another epoch, never as silence.
 *
 * Every call settles: with a result, or within its deadline with a `StoreError`. After an error the outcome
 * of an append is unknown; opening the source again tells.
 */
import type { ChannelId } from '../protocol/channel.js';
import type { HistoryView } from '../protocol/continuity.js';
import type { Position } from '../protocol/cursor.js';

/** One generation of one file on one host, described once, when its first reader opens it. */
export interface SourceDescription {
  readonly host: string;
  readonly path: string;
  /** Device and inode as decimal text (they exceed 2^53 on some file systems); empty for a pipe. */
  readonly device: string;
  readonly inode: string;
  /** Counts the generations that lived under one device and inode, from 1. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** How far a source is stored. */
export interface SourcePosition {
  /** Bytes from the start of the source, 0 to 2^53 − 1. */
  readonly offset: number;
  /** Whatever the agent needs to recognise the file again, at most 200 bytes; the store never looks in. */
  readonly mark: string;
}

export interface SourceRecord {
  readonly channel: string;
  readonly source: string;
  readonly description: SourceDescription;
  readonly position: SourcePosition;
}

/** `json`: a JSON array of strings. `deflate`: the same, raw deflate ended by a sync flush, no final block. */
export type PayloadEncoding = 'json' | 'deflate';

/** Lines of one source, read together: the unit that is stored, read and relayed. */
export interface Batch {
  readonly source: string;
  /** Offsets in the source: `from` inclusive, `to` exclusive, from < to. */
  readonly from: number;
  readonly to: number;
  /** Number of lines, at least 1. */
  readonly lines: number;
  readonly encoding: PayloadEncoding;
  readonly payload: Buffer;
  /** Indexes of lines that were longer than the limit and lost their end; mostly empty. */
  readonly cut: readonly number[];
}

/** How a second source of the channel moves in the same step. */
export interface Move {
  readonly source: string;
  /** Where it has to stand, and where it stands afterwards. */
  readonly from: number;
  readonly to: SourcePosition;
}

/** A batch on its way into the store. */
export interface OutgoingBatch extends Batch {
  /** Where its last event goes on: bytes of the next file are in it too. */
  readonly also?: Move;
}

/** A batch in the store. */
export interface StoredBatch extends Batch {
  readonly entry: string;
  /** Seq of the first line. */
  readonly seq: number;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly epoch: string; readonly entry: string; readonly seq: number }
  /** The source, or the other one, stands elsewhere; nothing was written. `position` is the source's. */
  | { readonly kind: 'conflict'; readonly position: SourcePosition }
  /** The store does not know one of the sources (any more): open it again. Nothing was written. */
  | { readonly kind: 'unknown_source' };

/** Applied to a channel by every append to it, and by `trim`. Bounds are inclusive. */
export interface Retention {
  /** Stored payload bytes that a channel keeps at the most; the newest batch always stays. */
  readonly bytes: number;
  /** Age by the store's clock, in milliseconds, up to which a batch is kept. */
  readonly ageMs: number;
}

export interface LogWriter {
  /**
   * Makes the channel and the source known, if they are not, with `initial` as the position of a new source,
   * and returns the position that holds. Repeating it changes nothing.
   */
  openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition>;

  /**
   * Appends a batch at its source's position and moves the position to `{offset: batch.to, mark}`, and `also`
   * with it: both stand where they should and both move, or nothing happens. Calls for one channel take effect
   * in the order they were made, so several may be under way.
   */
  append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome>;

  /** All sources of a host in all channels of a tenant; an agent asks once, at its start. */
  sourcesOf(tenant: string, host: string): Promise<SourceRecord[]>;

  /** Forgets those of the sources of which no batch is retained. For files that are gone for good. */
  retireSources(id: ChannelId, sources: readonly string[]): Promise<void>;

  /** Applies the retention to a channel that nobody appends to. */
  trim(id: ChannelId): Promise<void>;

  close(): Promise<void>;
}

export interface Page {
  readonly view: HistoryView;
  /** Batches after the position, oldest first, without a hole between them. */
  readonly batches: readonly StoredBatch[];
  /** Descriptions of the sources of these batches; one may be missing if it was removed by hand. */
  readonly sources: ReadonlyMap<string, SourceDescription>;
}

export type StartPoint =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  /** The last n lines. */
  | { readonly kind: 'tail'; readonly lines: number }
  /** The first batch appended at or after a time, in milliseconds since 1970 by the store's clock. */
  | { readonly kind: 'since'; readonly timeMs: number };

/** A hint that something is new. Doorbells may be lost or repeated; the truth is what a read says. */
export interface DoorbellListener {
  /** A watched channel has a new batch. */
  onChannel(id: ChannelId): void;
  /** A watched tenant has a new channel. */
  onTenant(tenant: string): void;
  /** Doorbells may have been lost: look at everything that is watched. */
  onLost(): void;
}

export interface LogReader {
  /**
   * Batches after a position, in one atomic step with the view. As many as fit in `bytesMax` of payload and in
   * the store's own bound of batches, and at least one where there is one: a page that is not full may still
   * end before `view.nextSeq`. The position may lie inside the first batch.
   */
  read(id: ChannelId, after: Position, bytesMax: number): Promise<Page>;

  /** The next seq and epoch of each channel, in the order asked; cheap, for sweeps over many channels. */
  heads(ids: readonly ChannelId[]): Promise<ChannelHead[]>;

  /** The position to start from; `VOID_POSITION` for a channel without history. */
  locate(id: ChannelId, start: StartPoint): Promise<Position>;

  /** Names of the tenant's channels, sorted. */
  channels(tenant: string): Promise<string[]>;

  /** Sets the one listener. Before any `watch…`. */
  listen(listener: DoorbellListener): void;
  /** Resolves once every later append rings. Watching is idempotent, not counted. */
  watchChannel(id: ChannelId): Promise<void>;
  unwatchChannel(id: ChannelId): Promise<void>;
  watchTenant(tenant: string): Promise<void>;
  unwatchTenant(tenant: string): Promise<void>;

  /** Rejects with a `StoreError` that says why the store cannot serve now; for readiness checks. */
  ping(): Promise<void>;

  close(): Promise<void>;
}

export interface ChannelHead {
  /** `VOID_EPOCH` where the channel has no history. */
  readonly epoch: string;
  readonly nextSeq: number;
}

export interface LogStore {
  readonly writer: LogWriter;
  readonly reader: LogReader;
}
