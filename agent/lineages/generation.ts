/**
 * One generation of a lineage: a source, the file that holds its bytes now, and what is known of both. It
 * keeps its handle over renames and deletion, and can let go of it while the file rests at its path.
 */

import type { SourcePosition } from '../../shared/store/log-store.js';
import type { Presentation } from '../config/presentation.js';
import type { FileIdentity, FileLook, SourceFile } from '../files/log-file.js';
import { isSameFile, openSameFile } from '../files/log-file.js';
import { fits, isEvidence } from '../files/mark.js';
import type { LineFormat } from '../lines/line-format.js';
import { type Outlook, Tail } from '../lines/tail.js';
import type { Candidate } from '../rotation/candidates.js';
import { isPartOfAny } from '../rotation/copies.js';
import { isCompressedName } from '../rotation/rotation-name.js';
import type { Listed } from '../rotation/sibling-listing.js';
import type { KnownSource } from '../sources/ledger.js';
import { formerPosition, type MoveContext, sessionOf } from '../sources/source-move.js';
import type { SessionInput, SourceSession, Turn } from '../sources/source-session.js';
import type { StoreClient } from '../sources/store-access.js';
import type { FileProgress } from '../status/file-status.js';
import { beginningAt, strongerBeginning } from './beginning.js';
import type { JointFile } from './event-joint.js';
import { Growth } from './growth.js';

export interface GenerationContext extends MoveContext {
  /** A source went back behind what the store had acknowledged. */
  onRollback(known: KnownSource): void;
}

export interface GenerationOptions extends Candidate {
  readonly known: KnownSource;
  /** Where to begin if the store has never heard of the source. */
  readonly initialOffset: number;
  readonly presentation: Presentation;
}

export class Generation implements SessionInput, JointFile {
  readonly known: KnownSource;
  /** The source of which its file is a copy, if there is one; it goes on with another only if that was never stored. */
  readonly original: KnownSource | undefined;
  /** No longer the file at the lineage's path: it gets no new lines, or soon will not. */
  isRotated = false;
  readonly #context: GenerationContext;
  readonly #client: StoreClient;
  #presentation: Presentation;
  /** Comes when there is something to read, and goes with the handle: thousands of files may be quiet. */
  #session: SourceSession | undefined;
  #hasBegun = false;
  #initial: SourcePosition;
  /** Undefined while it rests. */
  #file: SourceFile | undefined;
  #path: string;
  readonly #identity: FileIdentity;
  readonly #growth: Growth;

  private constructor(
    context: GenerationContext,
    client: StoreClient,
    options: GenerationOptions,
    initial: SourcePosition,
  ) {
    const { known, original, file, look, presentation } = options;
    this.known = known;
    this.original = original;
    this.#context = context;
    this.#client = client;
    this.#presentation = presentation;
    this.#file = file;
    this.#path = file.path;
    this.#identity = isSameFile(file.identity, known.identity) ? known.identity : file.identity;
    this.#growth = new Growth({ ...look, identity: this.#identity }, known.position.offset);
    this.#initial = initial;
  }

  static async of(
    context: GenerationContext,
    client: StoreClient,
    options: GenerationOptions,
  ): Promise<Generation> {
    const { known, initialOffset } = options;
    const initial = await beginningAt(initialOffset, options);
    if (initial.offset === 0 && !isEvidence(known.position)) known.position = initial;
    return new Generation(context, client, options, initial);
  }

  /** The file that holds the bytes: of a copy, the copy's. */
  get identity(): FileIdentity {
    return this.#identity;
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
    return this.#hasBegun;
  }

  /**
   * Nothing proves that this is still the file that was taken up: it was empty then, or a hole, and may have
   * been filled, copied and truncated since. It is to be taken up anew.
   */
  get isUnproven(): boolean {
    return !this.hasBegun && !this.isRotated && this.#growth.isTouched && !isEvidence(this.#initial);
  }

  /** The last look through the handle. */
  get look(): FileLook {
    return this.#growth.look;
  }

  get size(): number {
    return this.look.size;
  }

  get growth(): Growth {
    return this.#growth;
  }

  get modifiedNs(): bigint {
    return this.look.modifiedNs;
  }

  get isDeleted(): boolean {
    return this.look.links === 0;
  }

  /** The source's bytes go on in a copy of its file, since the file itself was truncated. */
  get isCopy(): boolean {
    return !isSameFile(this.#identity, this.known.identity);
  }

  /** Bytes that were read but are not known to be appended. */
  get unconfirmedBytes(): number {
    const { readOffset = 0, confirmedOffset = 0 } = this.#session ?? {};
    return Math.max(0, readOffset - confirmedOffset);
  }

  /** As the last look showed it. */
  get progress(): FileProgress {
    const { isRotated, isDeleted } = this;
    return this.#growth.progress(this.#path, this.known.position.offset, isRotated || isDeleted);
  }

  isQuietFor(quietMs: number): boolean {
    return this.isCopy || this.#growth.isQuietFor(quietMs);
  }

  get format(): LineFormat {
    return this.#presentation.format;
  }

  get isEventOpen(): boolean {
    return this.#session?.isEventOpen ?? false;
  }

  get restsInMs(): number | undefined {
    const { events } = this.format;
    return events && this.#growth.restsInMs(events.waitMs);
  }

  get isUntouched(): boolean {
    return !this.hasBegun || this.known.position.offset === this.#initial.offset;
  }

  get start(): SourcePosition {
    return this.#initial;
  }

  /** Looks at the file through the handle. False where it is not to be found any more, or was cut off unread. */
  async refresh(): Promise<boolean> {
    if (this.#file?.isStale === true) await this.park();
    this.#file ??= await this.#reopened();
    if (this.#file === undefined) return false;
    const look = await this.#file.look();
    this.#growth.see({ ...look, identity: this.#identity }, this.known.position.offset);
    await this.#strengthenInitial(this.#file);
    const leastSize = Math.max(this.known.position.offset, isEvidence(this.#initial) ? 1 : 0);
    return this.hasBegun || look.size >= leastSize;
  }

  /** Whether the file can be had, and holds what it held. What is packed in an archive does not change. */
  async isStillThere(): Promise<boolean> {
    this.#file ??= await this.#reopened();
    if (this.#file === undefined) return false;
    return (this.hasBegun && isCompressedName(this.#path)) || fits(this.#file, this.known.position);
  }

  /** Whether the file holds all that ends at this place, and not much more. */
  async holds(end: SourcePosition): Promise<boolean> {
    return this.#file !== undefined && isPartOfAny(end, [{ file: this.#file, look: this.look }]);
  }

  /** Reads whole lines up to the size last seen. */
  async advance(outlook: Outlook = this.restsInMs === 0 ? 'rests' : 'grows'): Promise<Turn> {
    // Nothing to say yet, nothing to ask: this keeps a start with many quiet or empty files cheap.
    if (!this.hasBegun && this.look.size === this.known.position.offset)
      return (await this.#isAsTold()) ? 'end' : 'diverged';
    const [context, client, initial] = [this.#context, this.#client, this.#initial];
    this.#session ??= await sessionOf(context, client, this.known, this.#presentation, this, initial);
    return this.#session?.advance(this.look.size, outlook) ?? 'away';
  }

  /** As many bytes as are stored need not be those: others may stand there now, or what was to be read is cut off. */
  async #isAsTold(): Promise<boolean> {
    return !this.#growth.isTouched || this.#file === undefined || fits(this.#file, this.known.position);
  }

  endEvent(): Promise<Turn> {
    return this.advance('rests');
  }

  async joined(position: SourcePosition): Promise<void> {
    await this.#session?.rest();
    this.onPosition(position, false);
  }

  async finish(): Promise<Turn> {
    return this.#session?.finish(this.look.size) ?? 'end';
  }

  /** From what was not read yet on, its lines are presented in another way. */
  async present(presentation: Presentation): Promise<void> {
    await this.#session?.rest();
    this.#session = undefined;
    this.#presentation = presentation;
  }

  /** The store may have gone back: the next turn asks it for the position. */
  async doubt(): Promise<void> {
    await this.#session?.rest();
  }

  /** Lets go of the handle; it is opened again when there is something to read. */
  async park(): Promise<void> {
    const file = await this.yield();
    await file?.close();
  }

  /** Hands out its file where that is open: whoever asked closes it. */
  async yield(): Promise<SourceFile | undefined> {
    await this.#session?.rest();
    this.#session = undefined;
    const file = this.#file;
    this.#file = undefined;
    return file;
  }

  async tailAt(position: SourcePosition, format = this.format): Promise<Tail | undefined> {
    const file = this.#file;
    if (file === undefined) return undefined;
    // What was seen since tells more than what the store was told when the source was opened, by whomever.
    const isUnread = position.offset === 0 && this.#initial.offset === 0 && isEvidence(this.#initial);
    if (isUnread && !(await fits(file, position))) return undefined;
    return Tail.ofFile(file, format, isUnread ? this.#initial : position);
  }

  initial(): Promise<SourcePosition> {
    return formerPosition(this.#context, this.known, this.#initial);
  }

  onPosition(position: SourcePosition, isBack: boolean): void {
    // What was confirmed to an earlier session, this one does not know.
    const isBehind = isBack || (this.#hasBegun && position.offset < this.known.position.offset);
    this.#hasBegun = true;
    this.#context.ledger.progress(this.known, position);
    this.#growth.stored(position.offset);
    if (isBehind) this.#context.onRollback(this.known);
  }

  /** While it waits for its turn the file grows, and more of it can tell whether it is the same. */
  async #strengthenInitial(file: SourceFile): Promise<void> {
    if (this.hasBegun) return;
    const stronger = await strongerBeginning(this.#initial, file, this.look, this.isRotated);
    if (stronger === undefined) return;
    this.#initial = stronger;
    if (this.known.position.offset === 0) this.known.position = stronger;
  }

  async #reopened(): Promise<SourceFile | undefined> {
    // An archive is held until it is read; what is packed in it is not to be had by its name alone.
    return isCompressedName(this.#path) ? undefined : openSameFile(this.#path, this.#identity);
  }
}
