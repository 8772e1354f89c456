/**
 * The batches of one source that are under way: encoded in parallel, appended in order. After a setback
 * nothing more is sent until whoever reads has asked the store for the position: the later batches would be
 * refused anyway.
 */
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { LogWriter, SourcePosition } from '../../shared/store/log-store.js';
import { encodePayload } from '../../shared/store/payload.js';
import type { EncodedLines } from '../lines/line-encoder.js';

/** Why batches were not appended. */
export type Setback =
  /** The source stands elsewhere: a reply was lost, or another agent reads the same file. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown_source' }
  /** The outcome is unknown. Of what was sent at once, this failed first. */
  | {
      readonly kind: 'error';
      readonly error: unknown;
      readonly outgoing: Outgoing;
      readonly payloadBytes: number;
    };

/** What became of a batch. One behind a setback is dropped without being sent. */
export type Result = Setback | { readonly kind: 'appended' } | { readonly kind: 'dropped' };

export interface Outgoing {
  readonly from: number;
  readonly lines: EncodedLines;
  /** Where the source stands once this is appended. */
  readonly position: SourcePosition;
  /** It stands for a line that the store does not take. */
  readonly isPlaceholder: boolean;
}

export interface PublisherOptions {
  readonly writer: LogWriter;
  readonly id: ChannelId;
  readonly source: string;
  onAppended(outgoing: Outgoing): void;
}

export class Publisher {
  readonly #options: PublisherOptions;
  #underWay = 0;
  #setback: Setback | undefined;
  /** Resolves when all batches so far were handed to the store, in order. */
  #handedOver: Promise<void> = Promise.resolve();
  /** The one reader, waiting for a batch to come back. */
  #onReturn: (() => void) | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get hasSetback(): boolean {
    return this.#setback !== undefined;
  }

  /** Resolves when fewer than `limit` batches are under way, or at a setback. */
  async room(limit: number): Promise<void> {
    while (this.#underWay >= limit && this.#setback === undefined) await this.#nextReturn();
  }

  /** Resolves when nothing is under way, with the setback there was, and forgets it. */
  async settled(): Promise<Setback | undefined> {
    while (this.#underWay > 0) await this.#nextReturn();
    const setback = this.#setback;
    this.#setback = undefined;
    return setback;
  }

  /** `whenReturned` is called once the batch is appended, refused or dropped. */
  publish(outgoing: Outgoing, whenReturned: (result: Result) => void): void {
    this.#underWay++;
    const encoded = encodePayload(outgoing.lines.json);
    // Handled below, in order; until then a failure must not count as unhandled.
    encoded.catch(() => {});
    const outcome = this.#handedOver.then(() => this.#append(outgoing, encoded));
    this.#handedOver = outcome.then(
      () => {},
      () => {},
    );
    void outcome
      .then(({ reply }) => reply)
      .catch((error: unknown): Result => ({ kind: 'error', error, outgoing, payloadBytes: 0 }))
      .then((result) => {
        if (result.kind !== 'appended' && result.kind !== 'dropped') this.#setback ??= result;
        this.#underWay--;
        whenReturned(result);
        this.#onReturn?.();
      });
  }

  /** Resolves when the call was made: its reply is waited for elsewhere, so that the next call can follow. */
  async #append(
    outgoing: Outgoing,
    encoded: ReturnType<typeof encodePayload>,
  ): Promise<{ reply: Promise<Result> }> {
    const { writer, id, source, onAppended } = this.#options;
    const { from, lines, position } = outgoing;
    const { encoding, payload: shared } = await encoded;
    // A store that gave a call up may still hold on to its payload when the workspace is used again.
    const payload = encoding === 'json' ? Buffer.from(shared) : shared;
    // A placeholder is for the store to decide on: it has no place where its line was taken.
    const isDropped = this.#setback !== undefined && !outgoing.isPlaceholder;
    if (isDropped) return { reply: Promise.resolve({ kind: 'dropped' }) };
    const { lines: count, cut } = lines;
    const batch = { source, from, to: position.offset, lines: count, encoding, payload, cut };
    const reply = writer.append(id, batch, position.mark).then(
      ({ kind }): Result => {
        if (kind === 'appended') onAppended(outgoing);
        return { kind };
      },
      (error: unknown): Result => ({ kind: 'error', error, outgoing, payloadBytes: payload.length }),
    );
    return { reply };
  }

  #nextReturn(): Promise<void> {
    return new Promise((resolve) => {
      this.#onReturn = () => {
        this.#onReturn = undefined;
        resolve();
      };
    });
  }
}
