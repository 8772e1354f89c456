/**
 * One stored batch as the message that clients get: checked once, built at most once in each of its two forms,
 * shared by all who read it. Knows nothing of sockets, and never compresses.
 */
import { entryTime, formatCursor, type Position, VOID_EPOCH } from '../shared/protocol/cursor.js';
import type { LinesHeader, SourceInfo } from '../shared/protocol/messages.js';
import type { PayloadEncoding, SourceDescription, StoredBatch } from '../shared/store/log-store.js';
import { checkedJson } from '../shared/store/payload.js';
import { plainMessage, SPLICED_TAIL_BYTES, splicedMessage } from './websocket-frame.js';

/** What a frame costs beside its bytes: the object, its place in an index, its strings. Measured roughly. */
const OVERHEAD_BYTES = 512;

const CLOSING_BRACE = Buffer.from('}');

/** Whoever keeps frames in memory within a bound is told when one grows. */
export interface FrameHolder {
  grew(bytes: number): void;
}

export interface FrameOrigin {
  readonly channel: string;
  readonly epoch: string;
  /** Id of the entry before the batch: what the cursor of a client that gets it next holds. */
  readonly before: string;
}

export class Frame {
  readonly epoch: string;
  readonly before: string;
  readonly entry: string;
  readonly seq: number;
  readonly lines: number;
  /** The place after its last line. */
  readonly after: Position;
  holder: FrameHolder | undefined;

  readonly #channel: string;
  readonly #source: SourceInfo;
  readonly #cut: readonly number[];
  readonly #encoding: PayloadEncoding;
  #payload: Buffer;
  #plain: Buffer | undefined;
  #spliced: Buffer | undefined;
  #isReadable: boolean | undefined;

  constructor(origin: FrameOrigin, batch: StoredBatch, description: SourceDescription | undefined) {
    this.epoch = origin.epoch;
    this.before = origin.before;
    this.entry = batch.entry;
    this.seq = batch.seq;
    this.lines = batch.lines;
    this.after = { epoch: origin.epoch, entry: batch.entry, seq: batch.seq + batch.lines };
    this.#channel = origin.channel;
    this.#source = sourceInfo(batch.source, description);
    this.#cut = batch.cut;
    this.#encoding = batch.encoding;
    this.#payload = batch.payload;
  }

  /** Memory that it holds: it grows when a form is built. */
  get bytes(): number {
    return OVERHEAD_BYTES + this.#payload.length + (this.#plain?.length ?? 0);
  }

  /** Whether the line that a cursor names is in this frame, given that the cursor's entry is the one before. */
  contains(cursor: Position): boolean {
    const sameHistory = cursor.epoch === this.epoch || cursor.epoch === VOID_EPOCH;
    return sameHistory && this.seq <= cursor.seq && cursor.seq < this.after.seq;
  }

  /**
   * The whole batch, in the form for a client that can or cannot inflate; undefined where the payload is not
   * what an agent writes, which is found out once.
   */
  message(canInflate: boolean): Buffer | undefined {
    const isSpliced = canInflate && this.#encoding === 'deflate';
    const built = isSpliced ? this.#spliced : this.#plain;
    return built ?? (isSpliced ? this.#splice() : this.#build());
  }

  /** The batch without its first `skip` lines, for the one client that begins inside it; undefined as for `message`. */
  messageFrom(skip: number): Buffer | undefined {
    const json = this.#checkedJson();
    if (json === undefined) return undefined;
    const cut = this.#cut.filter((index) => index >= skip).map((index) => index - skip);
    const head = this.#head(this.seq + skip, cut);
    const lines = (JSON.parse(json.toString('utf8')) as string[]).slice(skip);
    return plainMessage([head, Buffer.from(JSON.stringify(lines)), CLOSING_BRACE]);
  }

  #build(): Buffer | undefined {
    const json = this.#checkedJson();
    if (json === undefined) return undefined;
    const head = this.#head(this.seq, this.#cut);
    this.#plain = plainMessage([head, json, CLOSING_BRACE]);
    this.holder?.grew(this.#plain.length);
    return this.#plain;
  }

  /** The payload lives on inside the message, so that it is kept once. */
  #splice(): Buffer | undefined {
    this.#isReadable ??= this.#checkedJson() !== undefined;
    if (!this.#isReadable) return undefined;
    const spliced = splicedMessage(this.#head(this.seq, this.#cut), this.#payload);
    const start = spliced.length - this.#payload.length - SPLICED_TAIL_BYTES;
    this.#payload = spliced.subarray(start, start + this.#payload.length);
    this.#spliced = spliced;
    return spliced;
  }

  #checkedJson(): Buffer | undefined {
    if (this.#isReadable === false) return undefined;
    try {
      const json = checkedJson(this.#encoding, this.#payload, this.lines);
      this.#isReadable = true;
      return json;
    } catch {
      this.#isReadable = false;
      return undefined;
    }
  }

  /** Everything of the message up to the stored array, which is valid JSON as it is. */
  #head(seq: number, cut: readonly number[]): Buffer {
    const header: LinesHeader = {
      type: 'lines',
      channel: this.#channel,
      cursor: formatCursor(this.after),
      seq,
      at: entryTime(this.entry),
      source: this.#source,
      ...(cut.length === 0 ? {} : { cut: [...cut] }),
    };
    return Buffer.from(`${JSON.stringify(header).slice(0, -1)},"lines":`);
  }
}

function sourceInfo(id: string, description: SourceDescription | undefined): SourceInfo {
  const { host = '', path = '', labels = {} } = description ?? {};
  return Object.keys(labels).length === 0 ? { id, host, path } : { id, host, path, labels };
}
