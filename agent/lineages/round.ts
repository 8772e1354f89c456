/**
 * One look at all generations of a path, oldest first: reads each to its end, only after the one before it, and
 * lets go of those that are over. It takes up none, and what it could not do it leaves for another round.
 */
import { type FileLook, isSameFile } from '../files/log-file.js';
import type { Outlook } from '../lines/tail.js';
import type { Turn } from '../sources/source-session.js';
import type { Generation } from './generation.js';
import type { OpenEvents } from './open-events.js';
import type { Succession } from './succession.js';

/**
 * Beyond so many the oldest is not waited for any longer, also where all that came after it is empty: its writer has
 * been told long ago, and a log that nothing is written to may be rotated every hour.
 */
const LINGERING_MAX = 8;

export interface RoundOptions {
  /** What the path showed just before. */
  readonly seen: FileLook | undefined;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
  openEvents(): OpenEvents;
}

export class Round {
  /** Whether another round is to follow at once. */
  isDue = false;
  /** Whether something is waited for that no change of the file at the path announces. */
  isRestless = false;
  /** Whether nothing was left to read. */
  hasCaughtUp = false;
  readonly #succession: Succession;
  readonly #options: RoundOptions;

  constructor(succession: Succession, options: RoundOptions) {
    this.#succession = succession;
    this.#options = options;
  }

  async read(): Promise<void> {
    // Newest first: a file is looked at for its end only after its successor was seen to have something.
    for (const generation of this.#succession.generations.toReversed()) {
      if (!(await generation.refresh())) return this.#search();
    }
    let isBehind = false;
    for (const generation of [...this.#succession.generations]) {
      const successors = this.#successorsOf(generation);
      const hasSuccessor = this.#isCrowded || successors.some(({ hasBegun, size }) => hasBegun || size > 0);
      const turn = await this.#readOne(generation, successors, hasSuccessor);
      if (turn === undefined) return;
      const isEventOpen = this.#isEventOpen(generation);
      isBehind ||= turn === 'more' || isEventOpen;
      // Its last lines come before the first ones of the next file.
      if (isEventOpen && !successors.some(({ hasBegun }) => hasBegun)) return;
      if (hasSuccessor) continue;
      // It is empty, and was written to: it may have been filled, copied and truncated.
      this.isDue ||= successors.some(({ isUnproven }) => isUnproven);
      break;
    }
    this.hasCaughtUp = !isBehind;
  }

  get #isCrowded(): boolean {
    return this.#succession.generations.length > LINGERING_MAX;
  }

  #successorsOf(generation: Generation): Generation[] {
    const { generations } = this.#succession;
    return generations.slice(generations.indexOf(generation) + 1);
  }

  /** Undefined where the next one has to wait. */
  async #readOne(
    generation: Generation,
    successors: readonly Generation[],
    hasSuccessor: boolean,
  ): Promise<'end' | 'more' | undefined> {
    if (generation.isUnproven) {
      if (!this.#isAtPath(generation)) this.#succession.search();
      this.isDue = true;
      return undefined;
    }
    const [next, afterNext] = successors.filter(({ size, isUntouched }) => size > 0 && isUntouched);
    const turn = await this.#advance(generation, next && 'grows');
    if (turn === 'more') return successors.some(({ hasBegun }) => hasBegun) ? 'more' : undefined;
    if (turn !== 'end') return undefined;
    if (next !== undefined && !(await this.#joins(generation, next, afterNext))) return undefined;
    return (await this.#isDoneWith(generation, hasSuccessor)) ? 'end' : undefined;
  }

  async #advance(generation: Generation, outlook: Outlook | undefined): Promise<Turn> {
    const turn = await generation.advance(outlook);
    if (turn === 'diverged') await this.#partWith(generation);
    if (turn === 'away') this.isRestless = true;
    if (turn === 'more') this.isDue = true;
    return turn;
  }

  #isAtPath({ identity }: Generation): boolean {
    const { seen } = this.#options;
    return seen !== undefined && isSameFile(seen.identity, identity);
  }

  /** An event at the end of a file may go on in the next one. False where that is not settled. */
  async #joins(older: Generation, newer: Generation, newest?: Generation): Promise<boolean> {
    if (!older.isEventOpen) return true;
    const turn = await this.#options.openEvents().settle(older, newer, newest !== undefined);
    if (turn === 'more') this.isDue = true;
    else if (turn !== 'end') this.isRestless = true;
    if (turn === 'diverged') await this.#partWith(older);
    return turn === 'end';
  }

  /** Whether lines were left for later that may be the beginning of a longer event; the lineage is woken then. */
  #isEventOpen(generation: Generation): boolean {
    if (!generation.isEventOpen) return false;
    this.isRestless = true;
    this.#options.openEvents().await(generation);
    return true;
  }

  /** Finishes a generation that is over. False where that could not be done yet. */
  async #isDoneWith(generation: Generation, hasSuccessor: boolean): Promise<boolean> {
    if (!generation.isDeleted && !(generation.isRotated && hasSuccessor)) return true;
    this.isRestless = true;
    if (!this.#isCrowded && !generation.isQuietFor(this.#options.lingerMs)) return true;
    const turn = await generation.finish();
    if (turn === 'more') this.isDue = true;
    if (turn !== 'end') return false;
    await this.#succession.release(generation);
    this.isDue ||= this.#succession.isSearchDue;
    return true;
  }

  async #partWith(generation: Generation): Promise<void> {
    await this.#succession.partWith(generation);
    this.isDue = true;
  }

  /** A resting file is not at its path when its turn comes: look for it among the rotated ones. */
  #search(): void {
    this.#succession.search();
    this.isDue = true;
  }
}
