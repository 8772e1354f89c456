/**
 * One generation of a lineage: a source, the file that holds its bytes now, and what is known of both. It
 * keeps its handle over renames and deletion, and can let go of it while the file rests at its path.
 */

import type { SourcePosition } from '../shared/store/log-store.js';
import type { KnownSource, Ledger } from './ledger.js';
import type { FileIdentity, FileLook, LogFile } from './log-file.js';
import { identityKey, isSameFile, openLogFile } from './log-file.js';
import { fits, isEvidence, MarkTrail, strongerMark } from './mark.js';
import type { Listed } from './sibling-listing.js';
import { type SessionContext, type SessionInput, SourceSession, type Turn } from './source-session.js';
import type { StoreClient } from './store-access.js';
import type { Candidate } from './survey.js';
import { Tail } from './tail.js';

export interface GenerationContext extends SessionContext {
  readonly ledger: Ledger;
  readonly tenant: string;
  readonly host: string;
  /** A source went back behind what the store had acknowledged. */
  onRollback(known: KnownSource): void;
}

export interface GenerationOptions extends Candidate {
  readonly known: KnownSource;
  /** Where to begin if the store has never heard of the source. */
  readonly initialOffset: number;
  readonly labels: Readonly<Record<string, string>>;
}

export class Generation implements SessionInput {
  readonly known: KnownSource;
  /** No longer the file at the lineage's path: it gets no new lines, or soon will not. */
  isRotated = false;
  readonly #context: GenerationContext;
  readonly #session: SourceSession;
  #initial: SourcePosition;
  /** Undefined while it rests. */
  #file: LogFile | undefined;
  #path: string;
  readonly #identity: FileIdentity;
  #look: FileLook;
  #largestSize: number;
  /** By the monotonic clock, in milliseconds. */
  #grewAtMs: number;

  private constructor(
    context: GenerationContext,
    client: StoreClient,
    options: GenerationOptions,
    initial: SourcePosition,
  ) {
    const { known, file, look, labels } = options;
    this.known = known;
    this.#context = context;
    this.#file = file;
    this.#path = file.path;
    this.#identity = file.identity;
    this.#look = look;
    this.#largestSize = look.size;
    this.#initial = initial;
    this.#grewAtMs = performance.now() - Math.max(0, Date.now() - Number(look.modifiedNs / 1_000_000n));
    const { tenant, host } = context;
    const { channel, source, path, identity, generation } = known;
    const description = { host, path, ...identity, generation, labels };
    this.#session = new SourceSession(
      context,
      client,
      { id: { tenant, channel }, source, description },
      this,
    );
  }

  static async of(
    context: GenerationContext,
    client: StoreClient,
    options: GenerationOptions,
  ): Promise<Generation> {
    const { known, file, look, unreadMark, initialOffset: offset } = options;
    const trail = offset > 0 ? await MarkTrail.at(file, offset) : undefined;
    const mark = trail?.mark(look.modifiedNs) ?? unreadMark;
    const initial = { offset: trail?.offset ?? 0, mark };
    if (initial.offset === 0 && !isEvidence(known.position)) known.position = initial;
    return new Generation(context, client, options, initial);
  }

  /** The file that holds the bytes: of a copy, the copy's. */
  get identity(): FileIdentity {
    return this.#identity;
  }

  get key(): string {
    return identityKey(this.#identity);
  }

  /** Where the file was seen last. */
  get path(): string {
    return this.#path;
  }

  /** Learns its file's present name, if it is among those. */
  rename(listed: readonly Listed[]): void {
    const found = listed.find(({ look }) => isSameFile(look.identity, this.#identity));
    if (found !== undefined) this.#path = found.path;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Whether the store was asked for this source. */
  get hasBegun(): boolean {
    return this.#session.isOpen;
  }

  /**
   * Nothing proves that this is still the file that was taken up: it was empty then, and may have been filled,
   * copied and truncated since. It is to be taken up anew.
   */
  get isUnproven(): boolean {
    return !this.hasBegun && !this.isRotated && this.#look.size > 0 && !isEvidence(this.#initial);
  }

  get size(): number {
    return this.#look.size;
  }

  get largestSize(): number {
    return this.#largestSize;
  }

  get modifiedNs(): bigint {
    return this.#look.modifiedNs;
  }

  get isDeleted(): boolean {
    return this.#look.links === 0;
  }

  /** The source's bytes go on in a copy of its file, since the file itself was truncated. */
  get isCopy(): boolean {
    return !isSameFile(this.#identity, this.known.identity);
  }

  /** Bytes that were read but are not known to be appended. */
  get unconfirmedBytes(): number {
    return Math.max(0, (this.#session.readOffset ?? 0) - this.#session.confirmedOffset);
  }

  isQuietFor(quietMs: number): boolean {
    return this.isCopy || performance.now() - this.#grewAtMs >= quietMs;
  }

  /** Looks at the file through the handle. False where the file is not to be found any more. */
  async refresh(): Promise<boolean> {
    this.#file ??= await this.#reopened();
    if (this.#file === undefined) return false;
    const look = await this.#file.look();
    if (look.size !== this.#look.size) this.#grewAtMs = performance.now();
    this.#look = look;
    this.#largestSize = Math.max(this.#largestSize, look.size);
    await this.#strengthenInitial(this.#file);
    return true;
  }

  /** Whether the file can be had and, as long as nothing of it was read, is the one that was taken up. */
  async isStillThere(): Promise<boolean> {
    this.#file ??= await this.#reopened();
    if (this.#file === undefined) return false;
    return this.hasBegun || fits(this.#file, this.known.position);
  }

  /** Reads whole lines up to the size last seen. */
  async advance(): Promise<Turn> {
    // Nothing to say yet, nothing to ask: this keeps a start with many quiet or empty files cheap.
    if (!this.hasBegun && this.#look.size === this.known.position.offset) return 'end';
    return this.#session.advance(this.#look.size);
  }

  async finish(): Promise<Turn> {
    return this.#session.finish();
  }

  /** The store may have gone back: the next turn asks it for the position. */
  async doubt(): Promise<void> {
    await this.#session.rest();
  }

  /** Lets go of the handle; it is opened again when there is something to read. */
  async park(): Promise<void> {
    await this.#session.rest();
    await this.#closeFile();
  }

  async close(): Promise<void> {
    await this.#session.rest();
    await this.#closeFile();
  }

  async tailAt(position: SourcePosition): Promise<Tail | undefined> {
    const file = this.#file;
    if (file === undefined) return undefined;
    // What was seen since tells more than what the store was told when the source was opened.
    const isUnread = position.offset === 0 && this.#initial.offset === 0 && isEvidence(this.#initial);
    return Tail.ofFile(file, this.#context.lineBytesMax, isUnread ? this.#initial : position);
  }

  initial(): SourcePosition {
    return this.#initial;
  }

  onPosition(position: SourcePosition, isBack: boolean): void {
    this.#context.ledger.progress(this.known, position);
    if (isBack) this.#context.onRollback(this.known);
  }

  /** While it waits for its turn the file grows, and more of it can tell whether it is the same. */
  async #strengthenInitial(file: LogFile): Promise<void> {
    const { offset, mark: weaker } = this.#initial;
    if (this.hasBegun || offset > 0 || !isEvidence(this.#initial)) return;
    const mark = await strongerMark(file, weaker, this.#look.size, this.#look.modifiedNs);
    if (mark === undefined) return;
    this.#initial = { offset, mark };
    if (this.known.position.offset === 0) this.known.position = this.#initial;
  }

  async #reopened(): Promise<LogFile | undefined> {
    const file = await openLogFile(this.#path);
    if (file === undefined || isSameFile(file.identity, this.#identity)) return file;
    await file.close();
    return undefined;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
