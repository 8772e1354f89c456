/**
 * One watched path and its generations: the files that lived there one after another, each a source of its
 * own. It decides when one is over and the next begins, so that lines are appended in the order they were
 * written. Between two wakes it holds no timer and no promise.
 */
import type { Claims } from './claims.js';
import { Generation, type GenerationContext } from './generation.js';
import type { KnownSource } from './ledger.js';
import { lastLineEnd } from './line-end.js';
import { type FileLook, identityKey, isSameFile, lookAt } from './log-file.js';
import type { Notices } from './notices.js';
import type { StoreClient } from './store-access.js';
import { type Candidate, type Survey, survey } from './survey.js';
import type { WakeGate } from './wake-gate.js';

/** Rotated files of one path that are held open unread, while the store is away. */
const GENERATIONS_MAX = 16;

/** Beyond so many the oldest is not waited for any longer: its writer has been told long ago. */
const LINGERING_MAX = 8;

export interface LineageContext extends GenerationContext {
  readonly claims: Claims;
  readonly notices: Notices;
  readonly gate: WakeGate;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
  /** The lineage has come to rest, with or without a handle that could be parked. */
  onRest(lineage: Lineage): void;
}

export interface LineageOptions {
  /** Absolute. */
  readonly path: string;
  readonly channel: string;
  readonly labels: Readonly<Record<string, string>>;
  /** If nobody has read the file before: its size when the agent saw it first, to leave out what is in it. */
  readonly skipBytes: number;
}

export class Lineage implements StoreClient {
  readonly path: string;
  /** What the last look at the path showed; a sweep compares with it. */
  seen: FileLook | undefined;
  readonly #context: LineageContext;
  readonly #options: LineageOptions;
  /** Oldest first. The last one is at the path, unless it is rotated and no successor was seen yet. */
  readonly #generations: Generation[] = [];
  #isFirstLook = true;
  #isDue = false;
  #isRestless = false;
  #areSiblingsDue = false;
  #isInDoubt = false;
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(context: LineageContext, options: LineageOptions) {
    this.path = options.path;
    this.#context = context;
    this.#options = options;
  }

  get sources(): readonly KnownSource[] {
    return this.#generations.map(({ known }) => known);
  }

  get openFiles(): number {
    return this.#generations.filter((generation) => generation.isOpen).length;
  }

  /** Whether it waits for something that no change of the file announces, and wants every sweep. */
  get isRestless(): boolean {
    return this.#isRestless;
  }

  get isAtWork(): boolean {
    return this.#work !== undefined;
  }

  /** Something may have changed. Cheap, and idempotent until the look begins. */
  wake(): void {
    this.#isDue = true;
    if (!this.isAtWork && !this.#isStopped) this.#do(() => this.#turnsWhileDue());
  }

  /** A file whose name is a rotation of this one has changed. */
  wakeForSibling(): void {
    if (!this.#generations.some((generation) => generation.isRotated)) this.#areSiblingsDue = true;
    this.wake();
  }

  /** The store may have lost what it acknowledged: every position is asked for again. */
  doubt(): void {
    this.#isInDoubt = true;
    this.wake();
  }

  /** Lets go of the handle of a file that rests at its path. */
  park(): void {
    const [only, ...others] = this.#generations;
    if (only === undefined || others.length > 0 || only.isRotated || only.isDeleted || !only.isOpen) return;
    if (!this.isAtWork && !this.#isStopped) this.#do(() => only.park());
  }

  /** Resolves when all that was read is appended or given up, with the bytes given up, and no file is open. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#work;
    let unconfirmedBytes = 0;
    for (const generation of this.#generations) {
      unconfirmedBytes += generation.unconfirmedBytes;
      await generation.close();
    }
    return unconfirmedBytes;
  }

  #do(work: () => Promise<void>): void {
    const told = work().catch((error: unknown) => this.#context.notices.unreadable(this.path, error));
    this.#work = told.finally(() => {
      this.#work = undefined;
      this.#context.access.passed(this);
      if (this.#isDue && !this.#isStopped) this.wake();
      else this.#context.onRest(this);
    });
  }

  async #turnsWhileDue(): Promise<void> {
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      await this.#context.gate.pass(() => this.#turn());
    }
  }

  async #turn(): Promise<void> {
    this.#isRestless = false;
    try {
      await this.#settleDoubt();
      this.seen = await lookAt(this.path);
      await this.#takeUp();
      await this.#drain();
      if (this.seen !== undefined) this.#context.notices.readable(this.path);
    } catch (error) {
      this.#context.notices.unreadable(this.path, error);
      this.#isRestless = true;
    }
  }

  async #settleDoubt(): Promise<void> {
    if (!this.#isInDoubt) return;
    this.#isInDoubt = false;
    this.#areSiblingsDue = true;
    for (const generation of this.#generations) await generation.doubt();
  }

  /** Adds the generations that have come since the last look. */
  async #takeUp(): Promise<void> {
    const current = this.#generations.at(-1);
    const { seen } = this;
    const isKept = seen !== undefined && current !== undefined && isSameFile(seen.identity, current.identity);
    const isAway = seen === undefined && current?.isOpen === true;
    if ((isKept || isAway) && !this.#areSiblingsDue) return;
    if (this.#generations.length >= GENERATIONS_MAX) {
      this.#context.notices.tooManyWaiting(this.path, this.#generations.length);
      this.#isRestless = true;
      this.#isDue = !this.#context.access.isAway;
      return;
    }
    // One that rests without a handle and is not at the path any more is found again by its identity.
    const strayed = !isKept && current?.isOpen === false ? current : undefined;
    if (strayed !== undefined) await this.#release(strayed);
    const found = await this.#survey(isKept);
    this.#areSiblingsDue = false;
    await this.#adopt(found, isKept);
    if (strayed !== undefined) this.#tellStrayed(strayed);
    this.#isFirstLook = false;
  }

  #survey(isCurrentKept: boolean): Promise<Survey> {
    const { ledger, claims } = this.#context;
    return survey({
      path: this.path,
      ledger,
      isCurrentKept,
      isTaken: (identity) => claims.isClaimed(identityKey(identity)),
      isLive: (known) => this.#generations.some((generation) => generation.known === known),
    });
  }

  async #adopt({ older, current, hasPast, vanished }: Survey, isCurrentKept: boolean): Promise<void> {
    const { notices } = this.#context;
    if (this.#isFirstLook && vanished !== undefined) notices.vanished(this.path, vanished.position.offset);
    const isSucceeded = current !== undefined || older.some(({ known }) => known === undefined);
    if (isSucceeded && this.#generations.length > 0) notices.rotated(this.path);
    if (isSucceeded) for (const generation of this.#generations) generation.isRotated = true;
    // What goes on with a known source was written before anything unseen.
    const earlier = await this.#generationsOf(older.filter(({ known }) => known !== undefined));
    const unseen = await this.#generationsOf(older.filter(({ known }) => known === undefined));
    for (const generation of [...earlier, ...unseen]) generation.isRotated = true;
    this.#generations.unshift(...earlier);
    this.#generations.push(...unseen);
    if (current !== undefined) {
      const isFresh = !hasPast && current.known === undefined;
      const skipBytes = isFresh ? Math.min(this.#options.skipBytes, current.look.size) : 0;
      this.#generations.push(...(await this.#generationsOf([current], skipBytes)));
    } else if (this.seen !== undefined && !isCurrentKept) {
      // Another path has the file still: it was renamed, or is linked twice.
      this.#isRestless = true;
    }
  }

  async #generationsOf(candidates: readonly Candidate[], skipBytes = 0): Promise<Generation[]> {
    const generations: Generation[] = [];
    for (const { file, look, known } of candidates) {
      if (!this.#context.claims.claim(identityKey(file.identity), this)) {
        await file.close();
        continue;
      }
      const { ledger } = this.#context;
      const { channel, labels } = this.#options;
      const { identity } = file;
      const generation = ledger.nextGeneration(identity);
      const source = known ?? ledger.admit({ channel, path: this.path, identity, generation });
      const initialOffset = skipBytes > 0 ? await lastLineEnd(file, skipBytes) : 0;
      const options = { known: source, file, look, initialOffset, labels };
      generations.push(await Generation.of(this.#context, this, options));
    }
    return generations;
  }

  /** Reads every generation to its end, each only after the one before it. */
  async #drain(): Promise<void> {
    // Newest first: a file is looked at for its end only after its successor was seen to have something.
    for (const generation of this.#generations.toReversed()) {
      if (!(await generation.refresh())) return this.#searchSiblings();
    }
    for (const generation of [...this.#generations]) {
      const successors = this.#generations.slice(this.#generations.indexOf(generation) + 1);
      const hasSuccessor = successors.some(({ hasBegun, size }) => hasBegun || size > 0);
      const turn = await generation.advance();
      if (turn === 'diverged') return this.#replace(generation);
      if (turn === 'away') this.#isRestless = true;
      if (turn === 'more') this.#isDue = true;
      const mayPass = turn === 'end' || (turn === 'more' && successors.some(({ hasBegun }) => hasBegun));
      if (!mayPass) return;
      if (turn === 'end' && !(await this.#isDoneWith(generation, hasSuccessor))) return;
      if (!hasSuccessor) return;
    }
  }

  /** Finishes a generation that is over. False where that could not be done yet. */
  async #isDoneWith(generation: Generation, hasSuccessor: boolean): Promise<boolean> {
    if (!generation.isDeleted && !(generation.isRotated && hasSuccessor)) return true;
    this.#isRestless = true;
    const isCrowded = this.#generations.length > LINGERING_MAX;
    if (!isCrowded && !generation.isQuietFor(this.#context.lingerMs)) return true;
    const turn = await generation.finish();
    if (turn === 'more') this.#isDue = true;
    if (turn !== 'end') return false;
    await this.#release(generation);
    return true;
  }

  /** The file under a source is not what it was: truncated in place, or overwritten. */
  async #replace(generation: Generation): Promise<void> {
    const { known, largestSize, isRotated } = generation;
    await this.#release(generation);
    if (!isRotated) {
      this.seen = await lookAt(this.path);
      await this.#takeUp();
    }
    const copy = this.#generations.find((other) => other.known === known);
    const kept = Math.max(known.position.offset, copy?.size ?? 0);
    const loss = { path: this.path, appendedBytes: known.position.offset, seenBytes: largestSize };
    const lostBytes = Math.max(0, largestSize - kept);
    this.#context.notices.truncated({ ...loss, lostBytes }, copy !== undefined);
    this.#isDue = true;
  }

  /** A resting file is not at its path when its turn comes: look for it among the rotated ones. */
  #searchSiblings(): void {
    this.#areSiblingsDue = true;
    this.#isDue = true;
  }

  #tellStrayed({ known, largestSize }: Generation): void {
    if (this.#generations.some((generation) => generation.known === known)) return;
    const appendedBytes = known.position.offset;
    const lostBytes = Math.max(0, largestSize - appendedBytes);
    this.#context.notices.gone({ path: this.path, appendedBytes, seenBytes: largestSize, lostBytes });
  }

  async #release(generation: Generation): Promise<void> {
    this.#generations.splice(this.#generations.indexOf(generation), 1);
    await generation.close();
    this.#context.claims.release(generation.key, this);
  }
}
