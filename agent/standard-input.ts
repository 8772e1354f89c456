/**
 * Standard input as a source. A pipe cannot be read twice, so what is not appended yet is held here, up to a
 * bound at which the pipe is paused: its writer then waits for the store. Every run is a source of its own.
 */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ChannelId } from '../shared/protocol/channel.js';
import type { SourcePosition } from '../shared/store/log-store.js';
import { PipeBuffer } from './pipe-buffer.js';
import { type SessionContext, type SessionInput, SourceSession, type Turn } from './source-session.js';
import type { StoreClient } from './store-access.js';
import { Tail } from './tail.js';

/** More than a line at its limit and a full window of batches. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

/** How much of a line over the limit shows that it is. */
const BEYOND_LIMIT_BYTES = 4;

export interface StandardInputOptions {
  readonly id: ChannelId;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
}

export class StandardInput implements SessionInput, StoreClient {
  readonly path = 'standard input';
  /** Resolves when the input has ended and all of it is appended. */
  readonly finished: Promise<void>;
  readonly #context: SessionContext;
  readonly #options: StandardInputOptions;
  readonly #stream: Readable;
  readonly #held = new PipeBuffer();
  #session: SourceSession;
  #hasEnded = false;
  #isDue = false;
  #isAtWork = false;
  #onFinished: () => void = () => {};

  constructor(context: SessionContext, options: StandardInputOptions, stream: Readable) {
    // What was taken out of the pipe is appended even while the agent stops: nobody could read it again.
    this.#context = { ...context, stopping: new AbortController().signal };
    this.#options = options;
    this.#stream = stream;
    this.#session = this.#newSession();
    this.finished = new Promise((resolve) => {
      this.#onFinished = resolve;
    });
  }

  get modifiedNs(): bigint {
    return 0n;
  }

  start(): void {
    this.#stream.on('data', (chunk: Buffer | string) => this.#take(Buffer.from(chunk)));
    for (const event of ['end', 'close', 'error']) this.#stream.on(event, () => this.#end());
  }

  /** Takes nothing more out of the pipe; `finished` resolves once what was taken is appended. */
  stop(): void {
    this.#stream.pause();
    this.#end();
  }

  wake(): void {
    this.#isDue = true;
    if (!this.#isAtWork) void this.#work();
  }

  async tailAt({ offset }: SourcePosition): Promise<Tail | undefined> {
    if (offset < this.#held.start) return undefined;
    return Tail.ofPipe(this.#held, this.#context.lineBytesMax, offset);
  }

  initial(): SourcePosition {
    return { offset: this.#held.start, mark: '' };
  }

  onPosition({ offset }: SourcePosition): void {
    this.#held.release(offset);
    this.#breathe();
  }

  #take(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#held.append(chunk);
    if (this.#held.heldBytes >= HELD_BYTES_MAX) this.#stream.pause();
    this.wake();
  }

  #end(): void {
    this.#hasEnded = true;
    this.wake();
  }

  #breathe(): void {
    if (!this.#hasEnded && this.#stream.isPaused() && this.#held.heldBytes < HELD_BYTES_MAX / 2) {
      this.#stream.resume();
    }
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    while (this.#isDue) {
      this.#isDue = false;
      const hasEnded = this.#hasEnded;
      const turn = await this.#session.advance(this.#held.end);
      await this.#after(turn, hasEnded);
    }
    this.#isAtWork = false;
    this.#context.access.passed(this);
  }

  async #after(turn: Turn, hasEnded: boolean): Promise<void> {
    if (turn === 'more') this.#isDue = true;
    if (turn === 'diverged') {
      // The store went back behind what is still held: the rest goes on as a new source.
      this.#session = this.#newSession();
      this.#isDue = true;
    }
    if (turn !== 'end') return;
    this.#forgetMiddle();
    if (!hasEnded) return;
    if ((await this.#session.finish()) === 'end') this.#onFinished();
    else this.#isDue = true;
  }

  /** Without this a line longer than the bound would stop the pipe for ever. */
  #forgetMiddle(): void {
    const { readOffset: lineStart, searchedOffset: searched } = this.#session;
    if (lineStart === undefined || searched === undefined) return;
    const needed = lineStart + this.#context.lineBytesMax + BEYOND_LIMIT_BYTES;
    if (searched > needed) this.#held.forget(needed, searched);
    this.#breathe();
  }

  #newSession(): SourceSession {
    const { id, host, labels } = this.#options;
    const description = { host, path: '-', device: '', inode: '', generation: 1, labels };
    const source = `${randomBytes(10).toString('hex')}.1`;
    return new SourceSession(this.#context, this, { id, source, description }, this);
  }
}
