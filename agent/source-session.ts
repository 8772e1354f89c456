/**
 * One source on its way into the store: reads it, encodes it and appends it, from the position that the store
 * gives. Whatever goes wrong, there is one way back: let everything under way return, ask the store for the
 * position, and read on from there. It knows nothing of paths, rotation or other sources.
 */
import type { ChannelId } from '../shared/protocol/channel.js';
import { BATCH_RAW_BYTES_MAX } from '../shared/protocol/limits.js';
import type { LogWriter, SourceDescription, SourcePosition } from '../shared/store/log-store.js';
import type { AgentCounters } from './agent-stats.js';
import type { BatchSlots, Slot } from './batch-slots.js';
import { encodeLines } from './line-encoder.js';
import { type Outgoing, Publisher } from './publisher.js';
import type { StoreAccess, StoreClient } from './store-access.js';
import type { Span, Tail } from './tail.js';

/** Batches of one source under way at once. */
const WINDOW = 4;

/** After so many batches the session lets its caller look around: about 16 MiB. */
const BATCHES_PER_TURN = 64;

/** What sessions of one agent share. */
export interface SessionContext {
  readonly writer: LogWriter;
  readonly access: StoreAccess;
  readonly slots: BatchSlots;
  readonly counters: AgentCounters;
  readonly lineBytesMax: number;
  /** Aborted when the agent stops: what was read is still appended, nothing more is read. */
  readonly stopping: AbortSignal;
}

/** Where the bytes of a session come from. */
export interface SessionInput {
  /** A tail at the position; undefined where the bytes are not those of the source any more. */
  tailAt(position: SourcePosition): Promise<Tail | undefined>;
  /** Where the source begins if the store does not know it. */
  initial(): SourcePosition;
  readonly modifiedNs: bigint;
  /** The store has confirmed this position. `isBack` where it is before one it had confirmed earlier. */
  onPosition(position: SourcePosition, isBack: boolean): void;
}

export interface SessionSource {
  readonly id: ChannelId;
  readonly source: string;
  readonly description: SourceDescription;
}

export type Turn =
  /** All whole lines up to the size are appended. */
  | 'end'
  /** There is more; it was time to look around. */
  | 'more'
  /** The store does not take anything now; the client is woken when it does. */
  | 'away'
  /** The bytes are not those of the source: it was truncated or replaced. */
  | 'diverged'
  | 'stopped';

export class SourceSession {
  readonly #context: SessionContext;
  readonly #client: StoreClient;
  readonly #source: SessionSource;
  readonly #input: SessionInput;
  readonly #publisher: Publisher;
  #tail: Tail | undefined;
  /** The last position the store confirmed. */
  #confirmed: SourcePosition | undefined;

  constructor(context: SessionContext, client: StoreClient, source: SessionSource, input: SessionInput) {
    this.#context = context;
    this.#client = client;
    this.#source = source;
    this.#input = input;
    const { id, source: name } = source;
    const onAppended = (outgoing: Outgoing) => this.#appended(outgoing);
    this.#publisher = new Publisher({ writer: context.writer, id, source: name, onAppended });
  }

  /** Whether the store knows of the source by this session. */
  get isOpen(): boolean {
    return this.#confirmed !== undefined;
  }

  /** How far whole lines were read, appended or not; undefined before the first turn. */
  get readOffset(): number | undefined {
    return this.#tail?.offset;
  }

  /** How far the source was looked at: beyond `readOffset` lies a line without an end. */
  get searchedOffset(): number | undefined {
    return this.#tail?.searched;
  }

  get confirmedOffset(): number {
    return this.#confirmed?.offset ?? 0;
  }

  /** Makes the source known to the store and asks for its position, if that is to be done. */
  async #open(): Promise<Turn | 'ready'> {
    if (this.#tail !== undefined && !this.#publisher.hasSetback) return 'ready';
    const { counters, access, writer } = this.#context;
    const setback = await this.#publisher.settled();
    this.#tail = undefined;
    if (setback !== undefined) counters.recoveries++;
    if (setback?.kind === 'conflict') counters.conflicts++;
    if (setback?.kind === 'error') access.failed(this.#client, setback.error);
    if (!access.admits(this.#client)) return 'away';
    const { id, source, description } = this.#source;
    let position: SourcePosition;
    try {
      position = await writer.openSource(id, source, description, this.#input.initial());
    } catch (error) {
      access.failed(this.#client, error);
      return 'away';
    }
    access.succeeded(this.#client);
    return this.#startAt(position);
  }

  /** Reads and appends whole lines up to `size` bytes from the source's start. */
  async advance(size: number): Promise<Turn> {
    for (let batches = 0; batches < BATCHES_PER_TURN; batches++) {
      if (this.#context.stopping.aborted) return this.#settle('stopped');
      const opened = await this.#open();
      if (opened !== 'ready') return opened;
      const turn = await this.#readOne(size);
      if (turn !== undefined) return turn;
    }
    return 'more';
  }

  /** Delivers an unfinished line too, for a source that will not go on. After `advance` said 'end'. */
  async finish(): Promise<Turn> {
    const tail = this.#tail;
    if (tail === undefined) return 'end';
    const slot = await this.#context.slots.take();
    const rest = await releasing(slot, () => tail.readRest());
    if (rest.kind !== 'lines') {
      slot.release();
      return rest.kind;
    }
    this.#publish(rest, tail, slot);
    return this.#settle('end');
  }

  /** Resolves when nothing is under way. Afterwards the next turn asks the store for the position again. */
  async rest(): Promise<void> {
    await this.#publisher.settled();
    this.#tail = undefined;
  }

  /** One batch on its way, or what stands against it. */
  async #readOne(size: number): Promise<Turn | undefined> {
    const tail = this.#tail as Tail;
    // A full batch may join others; a smaller one leaves only when nothing is under way, and grows until then.
    await this.#publisher.room(size - tail.offset >= BATCH_RAW_BYTES_MAX ? WINDOW : 1);
    if (this.#publisher.hasSetback) return undefined;
    const slot = await this.#context.slots.take();
    const found = await releasing(slot, () => tail.read(size, slot.read));
    if (found.kind === 'lines') {
      this.#publish(found, tail, slot);
      return undefined;
    }
    slot.release();
    return this.#settle(found.kind);
  }

  /** The turn is over once nothing is under way; a setback among the last ones makes it go on. */
  async #settle(turn: Turn): Promise<Turn> {
    await this.#publisher.room(1);
    return this.#publisher.hasSetback && turn === 'end' ? 'more' : turn;
  }

  async #startAt(position: SourcePosition): Promise<Turn | 'ready'> {
    const isBack = position.offset < this.confirmedOffset;
    this.#confirm(position, isBack);
    this.#tail = await this.#input.tailAt(position);
    return this.#tail === undefined ? 'diverged' : 'ready';
  }

  /** Read buffer and workspace are the batch's own until it has returned. */
  #publish(span: Span, tail: Tail, slot: Slot): void {
    const lines = encodeLines(span.bytes, this.#context.lineBytesMax, slot.json);
    const position = tail.position(this.#input.modifiedNs);
    this.#publisher.publish({ from: span.from, lines, position }, () => slot.release());
  }

  #appended({ from, lines, position }: Outgoing): void {
    const { counters, access } = this.#context;
    counters.batches++;
    counters.lines += lines.lines;
    counters.cutLines += lines.cut.length;
    counters.bytes += position.offset - from;
    access.succeeded(this.#client);
    this.#confirm(position, false);
  }

  #confirm(position: SourcePosition, isBack: boolean): void {
    this.#confirmed = position;
    this.#input.onPosition(position, isBack);
  }
}

async function releasing<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    slot.release();
    throw error;
  }
}
