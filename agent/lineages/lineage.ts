/**
 * One watched path and its generations: the files that lived there one after another, each a source of its
 * own. It decides when they are looked at, never twice at once, and when the path is let go of; what becomes of
 * them at each look is the business of a round. Between two wakes it holds no timer and no promise.
 */

import { isSamePresentation, type Presentation } from '../config/presentation.js';
import { type FileLook, lookAt } from '../files/log-file.js';
import type { KnownSource } from '../sources/ledger.js';
import type { StoreClient } from '../sources/store-access.js';
import type { FileProgress } from '../status/file-status.js';
import type { Generation } from './generation.js';
import { lossOf } from './losses.js';
import { OpenEvents } from './open-events.js';
import { Round } from './round.js';
import { Succession, type SuccessionContext, type SuccessionOptions } from './succession.js';
import type { Passer, WakeGate } from './wake-gate.js';

export interface LineageContext extends SuccessionContext {
  readonly gate: WakeGate;
  /** The lineage was told to leave and has: it holds no file any more. */
  onLeft(lineage: Lineage): void;
  /** The lineage has come to rest, with or without a handle that could be parked. */
  onRest(lineage: Lineage): void;
}

export class Lineage implements StoreClient, Passer {
  readonly path: string;
  /** What the last look at the path showed; a sweep compares with it. */
  seen: FileLook | undefined;
  /** Sweeps since it was woken last. */
  quietSweeps = 0;
  readonly #context: LineageContext;
  readonly #succession: Succession;
  #isDue = false;
  #isRestless = false;
  #isInDoubt = false;
  #isInLine = false;
  #work: Promise<void> | undefined;
  #isStopped = false;
  /** Comes with the first event that has to wait. */
  #events: OpenEvents | undefined;
  /** How lines are to be presented from the next turn on, where that is not as before. */
  #presentation: Presentation | undefined;
  #isLeaving = false;
  #hasCaughtUp = false;
  #hadFile = false;

  constructor(context: LineageContext, options: SuccessionOptions) {
    this.path = options.path;
    this.#context = context;
    this.#succession = new Succession(context, this, options);
  }

  get channel(): string {
    return this.#succession.presentation.channel;
  }

  /** Whether it was told to leave, and has let go of its files. */
  get hasLeft(): boolean {
    return this.#isLeaving && this.#isStopped;
  }

  /** Whether there was a file, and nothing is left of it here: neither at its path nor held. */
  get isDeserted(): boolean {
    if (!this.#hadFile || this.seen !== undefined || this.isAtWork) return false;
    return this.#generations.length === 0 && !this.#succession.isSearchDue;
  }

  /** What it reads, and, as long as not all has its place, what it may come to read. */
  get sources(): readonly KnownSource[] {
    const own = this.#generations.map(({ known }) => known);
    const isSettled = !this.isAtWork && !this.#succession.isSearchDue;
    return isSettled ? own : [...own, ...this.#context.ledger.ofPath(this.path)];
  }

  /** Its files as they were seen last, oldest first. */
  get files(): FileProgress[] {
    return this.#generations.map(({ progress }) => progress);
  }

  get #generations(): readonly Generation[] {
    return this.#succession.generations;
  }

  /** Few paths have events of several lines. */
  get #openEvents(): OpenEvents {
    this.#events ??= new OpenEvents(this.#context, this);
    return this.#events;
  }

  get openFiles(): number {
    return this.#generations.filter((generation) => generation.isOpen).length;
  }

  /** Whether it waits for something that no change of the file announces, and wants every sweep. */
  get isRestless(): boolean {
    return this.#isRestless;
  }

  get isAtWork(): boolean {
    return this.#isInLine || this.#work !== undefined;
  }

  /** Something may have changed. Cheap, and idempotent until the look begins. */
  wake(): void {
    this.#isDue = true;
    this.quietSweeps = 0;
    if (this.isAtWork || this.#isStopped) return;
    this.#isInLine = true;
    this.#context.gate.enter(this);
  }

  /** The gate has opened. */
  async pass(): Promise<void> {
    this.#isInLine = false;
    if (this.#isStopped) return;
    this.#do(() => this.#turn());
    await this.#work;
  }

  /** A file whose name is a rotation of this one has changed. */
  wakeForSibling(): void {
    this.#succession.siblingChanged();
    this.wake();
  }

  /** The store may have lost what it acknowledged: every position is asked for again. */
  doubt(): void {
    this.#isInDoubt = true;
    this.wake();
  }

  /**
   * The path is wanted, and its lines are to be presented so: a change holds from the next turn on, for all that
   * is not read by then. Returns whether anything changes.
   */
  stay(presentation: Presentation): boolean {
    this.#isLeaving = false;
    const isSame = isSamePresentation(this.#succession.presentation, presentation);
    this.#presentation = isSame ? undefined : presentation;
    return !isSame;
  }

  /** The path is not wanted any more: what is there now is read to its end, then its files are let go of. */
  leave(): void {
    this.#isLeaving = true;
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
    this.#events?.stop();
    await this.#work;
    this.#context.access.left(this);
    let unconfirmedBytes = 0;
    for (const generation of this.#generations) {
      unconfirmedBytes += generation.unconfirmedBytes;
      await generation.park();
      // With the handle went all that was left of it.
      if (generation.isDeleted) this.#context.notices.gone(lossOf(this.path, generation));
    }
    await this.#succession.close();
    return unconfirmedBytes;
  }

  #do(work: () => Promise<void>): void {
    const told = work().catch((error: unknown) => this.#context.notices.unreadable(this.path, error));
    this.#work = told.finally(() => {
      this.#work = undefined;
      // Not at once: everybody else has the processor between two turns, whatever keeps this one going.
      if (this.#isDue && !this.#isStopped) return void setImmediate(() => this.wake());
      this.#context.access.passed(this);
      this.#context.onRest(this);
    });
  }

  async #turn(): Promise<void> {
    // Not before the gate has opened: whatever came until now is seen by this turn.
    this.#isDue = false;
    this.#isRestless = false;
    this.#hasCaughtUp = false;
    try {
      await this.#present();
      await this.#settleDoubt();
      this.seen = await lookAt(this.path);
      this.#hadFile ||= this.seen !== undefined;
      await this.#takeUp();
      await this.#read();
      this.seen = this.#succession.sameAs(this.seen);
      if (this.seen !== undefined) this.#context.notices.readable(this.path);
      else this.#context.notices.absent(this.path);
      // Nothing at the path tells when a file grows that was renamed and has no successor yet.
      if (this.seen === undefined && this.#generations.length > 0) this.#isRestless = true;
    } catch (error) {
      // What is broken off by the end of the agent is no trouble of the file.
      if (!this.#context.stopping.aborted) this.#context.notices.unreadable(this.path, error);
      this.#isRestless = true;
      // What cannot be opened is not waited for by a path that nobody wants.
      this.#hasCaughtUp = this.openFiles === 0;
    }
    if (this.#isLeaving && this.#hasCaughtUp && !this.#isDue) await this.#letGo();
  }

  /** Lines under way are appended as they were read; the next ones are read anew, from behind those. */
  async #present(): Promise<void> {
    const presentation = this.#presentation;
    this.#presentation = undefined;
    if (presentation !== undefined) await this.#succession.present(presentation);
  }

  async #letGo(): Promise<void> {
    // A deleted file is gone with its handle: it stays until its writer has been quiet, like any other.
    if (this.#generations.some(({ isDeleted }) => isDeleted)) return;
    this.#isStopped = true;
    this.#events?.stop();
    for (const generation of [...this.#generations]) await this.#succession.release(generation);
    await this.#succession.close();
    this.#context.access.left(this);
    this.#context.onLeft(this);
  }

  async #settleDoubt(): Promise<void> {
    if (!this.#isInDoubt) return;
    this.#isInDoubt = false;
    this.#succession.search();
    for (const generation of this.#generations) await generation.doubt();
  }

  async #read(): Promise<void> {
    const round = new Round(this.#succession, {
      seen: this.seen,
      lingerMs: this.#context.lingerMs,
      openEvents: () => this.#openEvents,
    });
    try {
      await round.read();
    } finally {
      this.#isDue ||= round.isDue;
      this.#isRestless ||= round.isRestless;
      this.#hasCaughtUp = round.hasCaughtUp && !this.#succession.isSearchDue;
    }
  }

  /** Takes up the generations that have come since the last look. */
  async #takeUp(): Promise<void> {
    const update = await this.#succession.update(this.seen);
    if (update === 'again') this.#isDue = true;
    if (update !== 'settled') this.#isRestless = true;
  }
}
