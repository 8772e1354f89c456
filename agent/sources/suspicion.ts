/**
 * Whether the lines at one place of a source are to blame for their batch not being taken. A pure state machine:
 * it is told what failed and what the store answered since, and says how to send next. Only a line on its own
 * that failed TRIALS times, while the store answered in between each time, is given up; whatever speaks for the
 * store being at fault closes the case, and it begins anew.
 */
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';

/** Times that one line is sent on its own, and fails, before a placeholder takes its place. */
export const TRIALS = 8;

/** The only failures that can be the fault of the lines: everything else is the store's or the network's. */
export type Fault = 'refused' | 'interrupted';

export interface Attempt {
  readonly from: number;
  readonly to: number;
  readonly lines: number;
}

export type Plan =
  /** Nothing is suspected, or not yet. */
  | { readonly kind: 'free' }
  /** Send alone what is found when reading up to the bound. */
  | (Part & { readonly kind: 'alone' })
  /** The same, and the placeholder right behind it: the store takes the one or the other. */
  | (Part & { readonly kind: 'alone_or_placeholder' })
  /** The line ends every connection that it is sent on, so that nothing can be sent behind it. */
  | (Part & { readonly kind: 'placeholder' });

interface Part {
  readonly bound: number;
  /** No smaller bound finds anything, and this one may find several events: one line can end two of them. */
  readonly isSingle: boolean;
}

interface Case {
  readonly from: number;
  /** Where the first batch that failed ended: what lies beyond is not suspected. */
  readonly end: number;
  /** Reading up to here finds no line. */
  readonly none: number;
  /** Reading up to here finds what failed last. */
  readonly some: number;
  readonly isOneLine: boolean;
  readonly failures: number;
  /** Failures of the one line. */
  readonly trials: number;
  readonly fault: Fault;
}

const FREE: Plan = { kind: 'free' };

export class Suspicion {
  #case: Case | undefined;
  /** It failed; whether that counts is for the store's next answer to say. */
  #open: (Attempt & { readonly fault: Fault }) | undefined;
  #isPlaceholderRefused = false;
  #mayStillEnd = false;

  get plan(): Plan {
    const found = this.#case;
    // The first failure is everybody's: of a restart, of a connection that another line has ended.
    if (found === undefined || found.failures < 2) return FREE;
    const { none, some, isOneLine, trials } = found;
    if (!isOneLine && some - none > 1) return { kind: 'alone', bound: middle(none, some), isSingle: false };
    const part = { bound: some, isSingle: true };
    if (trials < TRIALS - 1) return { kind: 'alone', ...part };
    return { kind: trials < TRIALS ? 'alone_or_placeholder' : 'placeholder', ...part };
  }

  get trials(): number {
    return this.#case?.trials ?? 0;
  }

  /** A batch was not taken. `fault` is undefined where that was certainly not its own. */
  failed(attempt: Attempt, fault: Fault | undefined): void {
    if (fault === undefined) this.acquit();
    else this.#open = { ...attempt, fault };
    this.#mayStillEnd = fault !== undefined;
  }

  /**
   * The store could not be asked where the source stands. Right behind a failure, once, that may be the same
   * connection, still ending; else the store or the network is to blame for all.
   */
  unanswered(isInterrupted: boolean): void {
    if (!isInterrupted || !this.#mayStillEnd) this.acquit();
    this.#mayStillEnd = false;
  }

  /** The store answered that the source stands there. True where that turns a failure into one that counts. */
  stands(offset: number): boolean {
    const open = this.#open;
    this.#open = undefined;
    this.#mayStillEnd = false;
    if (open === undefined) {
      this.#moved(offset);
      return false;
    }
    if (open.from === offset) this.#case = this.#worse(open);
    else this.acquit();
    return this.#case !== undefined;
  }

  /** Everything before the offset is in the store. */
  appended(offset: number): void {
    const found = this.#case;
    if (found === undefined) return;
    const rest = { ...found, from: offset, none: offset, some: found.end, isOneLine: false, trials: 0 };
    this.#case = offset < found.end ? rest : undefined;
  }

  /** The store says no to the placeholder too. */
  placeholderRefused(): void {
    this.#isPlaceholderRefused = true;
  }

  /** Reading up to the plan's bound found no whole line. */
  foundNothing(): void {
    const plan = this.plan;
    const found = this.#case;
    if (plan.kind === 'free' || found === undefined) return;
    const some = plan.bound < found.some ? found.some : plan.bound + BATCH_RAW_BYTES_MAX;
    this.#case = { ...found, none: plan.bound, some };
  }

  /** Something failed that had nothing to do with the lines: the store or the network may be to blame for all. */
  acquit(): void {
    this.#case = undefined;
    this.#open = undefined;
    this.#isPlaceholderRefused = false;
  }

  /** Another agent appended, or the store went back. */
  #moved(offset: number): void {
    const from = this.#case?.from ?? offset;
    if (offset > from) this.appended(offset);
    else if (offset < from) this.acquit();
  }

  #worse({ from, to, lines, fault }: Attempt & { readonly fault: Fault }): Case {
    const found = this.#case;
    const isOneLine = lines === 1;
    if (found === undefined || found.from !== from) {
      return { from, end: to, none: from, some: to, isOneLine, failures: 1, trials: 0, fault };
    }
    const plan = this.plan;
    const failures = found.failures + 1;
    if (plan.kind === 'free') return { ...found, some: to, isOneLine, failures, fault };
    // Even the placeholder was not taken, so it is not the line.
    const isOver = plan.kind === 'placeholder' || this.#isPlaceholderRefused;
    this.#isPlaceholderRefused = false;
    const trials = isOver || !isOneLine ? 0 : found.trials + 1;
    return { ...found, some: plan.bound, isOneLine, failures, trials, fault };
  }
}

function middle(from: number, to: number): number {
  return from + Math.floor((to - from) / 2);
}
