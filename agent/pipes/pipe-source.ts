/**
 * A pipe as a source: standard input, or what a command prints. A pipe cannot be read twice, so what is not
 * appended yet is held here, up to a bound at which the pipe is paused: its writer then waits for the store.
 * Every run is a source of its own.
 */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { SourcePosition } from '../../shared/store/log-store.js';
import { withResolvers } from '../../shared/with-resolvers.js';
import { EventWait } from '../lineages/event-wait.js';
import { type LineFormat, lineBytesRead } from '../lines/line-format.js';
import { type Outlook, Tail } from '../lines/tail.js';
import {
  type SessionContext,
  type SessionInput,
  SourceSession,
  type Turn,
} from '../sources/source-session.js';
import type { FileProgress } from '../status/file-status.js';
import type { ReadPath } from '../status/lineage-status.js';
import { UnreadAge } from '../status/unread-age.js';
import { PipeBuffer } from './pipe-buffer.js';

/** More than a line at its limit and a full window of batches. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

/**
 * How long the pipe of a writer that has ended is read on where somebody else still holds it open: a program
 * that it left behind. What the writer itself wrote is read long before. In milliseconds.
 */
const LEFT_OPEN_MS = 2_000;
const LOOK_MS = 50;

export interface PipeSourceOptions {
  readonly id: ChannelId;
  readonly host: string;
  /** Names the pipe in notices and in the status. */
  readonly name: string;
  /** Where the lines come from, in the description of the source: `-` for standard input. */
  readonly origin: string;
  /** Counts the runs of a command, from 1. */
  readonly run: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly format: LineFormat;
  /** Nothing is appended before this; what comes until then is held. */
  readonly after?: Promise<void>;
}

export class PipeSource implements SessionInput, ReadPath {
  readonly path: string;
  readonly seen = undefined;
  /** Resolves when the input has ended and all of it is appended. */
  readonly finished: Promise<void>;
  readonly #context: SessionContext;
  readonly #options: PipeSourceOptions;
  readonly #stream: Readable;
  readonly #held = new PipeBuffer();
  readonly #finished = withResolvers();
  #session: SourceSession;
  #hasEnded = false;
  #isFinished = false;
  readonly #eventWait = new EventWait(() => this.wake());
  /** By the monotonic clock, in milliseconds. */
  #tookAtMs = performance.now();
  #storedOffset = 0;
  readonly #unreadAge = new UnreadAge();
  #isDue = false;
  #isAtWork = false;

  constructor(context: SessionContext, options: PipeSourceOptions, stream: Readable) {
    // What was taken out of the pipe is appended even while the agent stops: nobody could read it again.
    this.#context = { ...context, stopping: new AbortController().signal };
    this.path = options.name;
    this.#options = options;
    this.#stream = stream;
    this.#session = this.#newSession();
    this.finished = this.#finished.promise;
  }

  get channel(): string {
    return this.#options.id.channel;
  }

  get isAtWork(): boolean {
    return this.#isAtWork;
  }

  /** How far it is, as of a file. */
  get files(): FileProgress[] {
    const { path } = this;
    const offsetBytes = this.#storedOffset;
    const lagMs = this.#unreadAge.ageMs(offsetBytes, performance.now());
    const isRotated = this.#hasEnded && !this.#isFinished;
    return [{ path, sizeBytes: this.#held.end, offsetBytes, lagMs, isRotated }];
  }

  get size(): number {
    return this.#held.end;
  }

  get modifiedNs(): bigint {
    return 0n;
  }

  /** Bytes that were taken out of the pipe and are not known to be appended. */
  get unappendedBytes(): number {
    return this.#held.end - this.#storedOffset + this.#stream.readableLength;
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

  /**
   * The writer has ended. Its pipe ends as well, unless it was left to somebody else: then it is read for a
   * bounded time, which does not run while the pipe stands still for the store. Resolves with whether it was.
   */
  async endSoon(): Promise<boolean> {
    for (let leftMs = LEFT_OPEN_MS; leftMs > 0 && !this.#hasEnded; ) {
      await sleep(LOOK_MS, undefined, { ref: false });
      if (!this.#stream.isPaused()) leftMs -= LOOK_MS;
    }
    if (this.#hasEnded) return false;
    this.stop();
    this.#stream.destroy();
    return true;
  }

  wake(): void {
    this.#isDue = true;
    if (!this.#isAtWork) void this.#work();
  }

  async tailAt({ offset }: SourcePosition): Promise<Tail | undefined> {
    if (offset < this.#held.start) return undefined;
    return Tail.ofPipe(this.#held, this.#options.format, offset);
  }

  initial(): SourcePosition {
    return { offset: this.#held.start, mark: '' };
  }

  onPosition({ offset }: SourcePosition): void {
    this.#held.release(offset);
    this.#storedOffset = offset;
    this.#breathe();
  }

  #take(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#held.append(chunk);
    this.#tookAtMs = performance.now();
    this.#unreadAge.look(this.#held.end, this.#storedOffset, this.#tookAtMs);
    if (this.#held.heldBytes >= HELD_BYTES_MAX) this.#stream.pause();
    this.wake();
  }

  get #outlook(): Outlook {
    const { waitMs = 0 } = this.#options.format.events ?? {};
    return performance.now() - this.#tookAtMs >= waitMs ? 'rests' : 'grows';
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
    await this.#options.after;
    while (this.#isDue) {
      this.#isDue = false;
      const hasEnded = this.#hasEnded;
      const turn = await this.#session.advance(this.#held.end, this.#outlook);
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
    if (this.#session.isEventOpen) this.#eventWait.begin(this.#options.format.events?.waitMs ?? 0);
    if (!hasEnded) return;
    if ((await this.#session.finish(this.#held.end)) === 'end') this.#finish();
    else this.#isDue = true;
  }

  #finish(): void {
    this.#eventWait.stop();
    this.#isFinished = true;
    this.#finished.resolve();
  }

  /** Without this a line longer than the bound would stop the pipe for ever. */
  #forgetMiddle(): void {
    const { readOffset: lineStart, textOffset: textStart, searchedOffset: searched } = this.#session;
    if (lineStart === undefined || textStart === undefined || searched === undefined) return;
    const needed = textStart + lineBytesRead(this.#options.format);
    if (textStart > lineStart) this.#held.forget(lineStart, textStart);
    if (searched > needed) this.#held.forget(needed, searched);
    this.#breathe();
  }

  #newSession(): SourceSession {
    const { id, host, origin, run, labels, format } = this.#options;
    const description = { host, path: origin, device: '', inode: '', generation: run, labels };
    const source = `${randomBytes(10).toString('hex')}.${run}`;
    return new SourceSession(this.#context, this, { id, source, description, format }, this);
  }
}
