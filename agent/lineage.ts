/**
 * One watched path and its generations: the files that lived there one after another, each a source of its
 * own. It decides when one is over and the next begins, so that lines are appended in the order they were
 * written. Between two wakes it holds no timer and no promise.
 */
import type { Generation } from './generation.js';
import type { KnownSource } from './ledger.js';
import { type FileLook, lookAt } from './log-file.js';
import type { StoreClient } from './store-access.js';
import { Succession, type SuccessionContext, type SuccessionOptions } from './succession.js';
import type { WakeGate } from './wake-gate.js';

/** Beyond so many the oldest is not waited for any longer: its writer has been told long ago. */
const LINGERING_MAX = 8;

export interface LineageContext extends SuccessionContext {
  readonly gate: WakeGate;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
  /** The lineage has come to rest, with or without a handle that could be parked. */
  onRest(lineage: Lineage): void;
}

export class Lineage implements StoreClient {
  readonly path: string;
  /** What the last look at the path showed; a sweep compares with it. */
  seen: FileLook | undefined;
  readonly #context: LineageContext;
  readonly #succession: Succession;
  #isDue = false;
  #isRestless = false;
  #isInDoubt = false;
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(context: LineageContext, options: SuccessionOptions) {
    this.path = options.path;
    this.#context = context;
    this.#succession = new Succession(context, this, options);
  }

  get sources(): readonly KnownSource[] {
    return this.#succession.sources();
  }

  get #generations(): readonly Generation[] {
    return this.#succession.generations;
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
    if (!this.#generations.some((generation) => generation.isRotated)) this.#succession.search();
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
      await this.#context.gate.pass(() => this.#turn());
    }
  }

  async #turn(): Promise<void> {
    // Not before the gate has opened: whatever came until now is seen by this turn.
    this.#isDue = false;
    this.#isRestless = false;
    try {
      await this.#settleDoubt();
      this.seen = await lookAt(this.path);
      await this.#takeUp();
      await this.#drain();
      if (this.seen !== undefined) this.#context.notices.readable(this.path);
      // Nothing at the path tells when a file grows that was renamed and has no successor yet.
      else if (this.#generations.length > 0) this.#isRestless = true;
    } catch (error) {
      this.#context.notices.unreadable(this.path, error);
      this.#isRestless = true;
    }
  }

  async #settleDoubt(): Promise<void> {
    if (!this.#isInDoubt) return;
    this.#isInDoubt = false;
    this.#succession.search();
    for (const generation of this.#generations) await generation.doubt();
  }

  /** Takes up the generations that have come since the last look. */
  async #takeUp(): Promise<void> {
    const update = await this.#succession.update(this.seen);
    if (update === 'again') this.#isDue = true;
    if (update !== 'settled') this.#isRestless = true;
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
      if (generation.isUnproven) return this.wake();
      const turn = await generation.advance();
      if (turn === 'diverged') return this.#partWith(generation);
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
    await this.#succession.release(generation);
    return true;
  }

  async #partWith(generation: Generation): Promise<void> {
    await this.#succession.partWith(generation);
    this.#isDue = true;
  }

  /** A resting file is not at its path when its turn comes: look for it among the rotated ones. */
  #searchSiblings(): void {
    this.#succession.search();
    this.#isDue = true;
  }
}
