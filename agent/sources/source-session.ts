/**
 * One source on its way into the store: reads it, encodes it and appends it, from the position that the store
 * gives. Whatever goes wrong, there is one way back: let everything under way return, ask the store for the
 * position, and read on from there. It knows nothing of paths, rotation or other sources.
 */

import type { Logger } from '../../shared/logger.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { LogWriter, SourceDescription, SourcePosition } from '../../shared/store/log-store.js';
import type { MarkedLook } from '../files/mark.js';
import { encodeEvents } from '../lines/event-encoder.js';
import { encodeLines } from '../lines/line-encoder.js';
import { isPlain, type LineFormat } from '../lines/line-format.js';
import type { Outlook, Span, Tail } from '../lines/tail.js';
import { type AgentCounters, countAppended } from '../status/agent-stats.js';
import type { BatchSlots, Slot } from './batch-slots.js';
import { type Outgoing, Publisher } from './publisher.js';
import type { StoreAccess, StoreClient } from './store-access.js';
import { Trial } from './trial.js';

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
  readonly logger: Logger;
  /** Aborted when the agent stops: what was read is still appended, nothing more is read. */
  readonly stopping: AbortSignal;
}

/** Where the bytes of a session come from. */
export interface SessionInput extends MarkedLook {
  /** A tail at the position; undefined where the bytes are not those of the source any more. */
  tailAt(position: SourcePosition): Promise<Tail | undefined>;
  /** Where the source begins if the store does not know it. */
  initial(): SourcePosition | Promise<SourcePosition>;
  /** The store has confirmed this position. `isBack` where it is before one it had confirmed earlier. */
  onPosition(position: SourcePosition, isBack: boolean): void;
}

export interface SessionSource {
  readonly id: ChannelId;
  readonly source: string;
  readonly description: SourceDescription;
  readonly format: LineFormat;
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
  readonly #trial: Trial;
  #tail: Tail | undefined;
  /** The last position the store confirmed. */
  #confirmed: SourcePosition | undefined;
  /** How far whole lines were read at any time. */
  #readUpTo = 0;

  constructor(context: SessionContext, client: StoreClient, source: SessionSource, input: SessionInput) {
    this.#context = context;
    this.#client = client;
    this.#source = source;
    this.#input = input;
    const { id, source: name } = source;
    const onAppended = (outgoing: Outgoing) => this.#appended(outgoing);
    this.#publisher = new Publisher({ writer: context.writer, id, source: name, onAppended });
    this.#trial = new Trial(context, client, source);
  }

  get format(): LineFormat {
    return this.#source.format;
  }

  /** How far whole lines were read, appended or not; undefined before the first turn. */
  get readOffset(): number | undefined {
    return this.#tail?.offset;
  }

  /** Where the text of an unfinished line begins. */
  get textOffset(): number | undefined {
    return this.#tail?.textOffset;
  }

  /** How far the source was looked at: beyond `readOffset` lies a line without an end. */
  get searchedOffset(): number | undefined {
    return this.#tail?.searched;
  }

  /** Whether the last turn left lines for later that may be the beginning of a longer event. */
  get isEventOpen(): boolean {
    return this.#tail?.isEventOpen ?? false;
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
    if (setback?.kind === 'error') this.#trial.failed(setback);
    if (!access.admits(this.#client)) return 'away';
    const { id, source, description } = this.#source;
    const initial = await this.#input.initial();
    let position: SourcePosition;
    try {
      position = await writer.openSource(id, source, description, initial);
    } catch (error) {
      this.#trial.unanswered(error);
      return 'away';
    }
    access.reached();
    return (await this.#trial.admits(position.offset)) ? this.#startAt(position) : 'away';
  }

  /** Reads and appends whole lines up to `size` bytes from the source's start. */
  async advance(size: number, outlook: Outlook): Promise<Turn> {
    for (let batches = 0; batches < BATCHES_PER_TURN; batches++) {
      if (this.#context.stopping.aborted) return this.#settle('stopped');
      const opened = await this.#open();
      if (opened !== 'ready') return opened;
      const turn = await this.#readOne(size, outlook);
      if (turn !== undefined) return turn;
    }
    return 'more';
  }

  /** Delivers an unfinished line too, for a source that will not go on. After `advance` said 'end'. */
  async finish(size: number): Promise<Turn> {
    const turn = this.isEventOpen ? await this.advance(size, 'ended') : 'end';
    if (turn !== 'end') return turn;
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
  async #readOne(size: number, outlook: Outlook): Promise<Turn | undefined> {
    const tail = this.#tail as Tail;
    // A full batch may join others; a smaller one leaves only when nothing is under way, and grows until then.
    const isFree = this.#trial.plan.kind === 'free';
    await this.#publisher.room(isFree && size - tail.offset >= BATCH_RAW_BYTES_MAX ? WINDOW : 1);
    if (this.#publisher.hasSetback) return undefined;
    const { plan } = this.#trial;
    const { bound, isSingle } = plan.kind === 'free' ? { bound: size, isSingle: false } : plan;
    const end = Math.min(size, bound);
    const bounds = { end, outlook: end < size ? 'grows' : outlook, isSingle };
    const slot = await this.#context.slots.take();
    const found = await releasing(slot, () => tail.read(size, slot.read, bounds));
    if (found.kind === 'lines') {
      this.#publish(found, tail, slot);
      return undefined;
    }
    slot.release();
    if (found.kind === 'end' && end < size) return void this.#trial.foundNothing();
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
    const lines = isPlain(this.format)
      ? encodeLines(span.bytes, span.encoding, this.format.lineBytesMax, slot.json)
      : encodeEvents(span, this.format);
    const position = tail.position(this.#input);
    const { counters } = this.#context;
    counters.readBatches++;
    if (span.from < this.#readUpTo) counters.retriedBatches++;
    this.#readUpTo = Math.max(this.#readUpTo, span.to);
    const outgoing = { from: span.from, lines, position, isPlaceholder: false };
    const placeholder = this.#trial.placeholderOf(outgoing);
    if (this.#trial.plan.kind === 'placeholder' && placeholder !== undefined) slot.release();
    else
      this.#publisher.publish(outgoing, ({ kind }) => {
        if (kind !== 'appended') counters.failedBatches++;
        slot.release();
      });
    if (placeholder === undefined) return;
    this.#publisher.publish(placeholder, (result) => this.#trial.placeholderReturned(result));
  }

  #appended(outgoing: Outgoing): void {
    const { from, lines, position } = outgoing;
    const { counters, access } = this.#context;
    countAppended(counters, lines, position.offset - from);
    access.succeeded(this.#client);
    this.#trial.appended(outgoing);
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
