/**
 * Which files a sweep looks at. Hints of the kernel tell of most changes, and a look at 10,000 paths takes 20 ms:
 * where there are very many, those that have long been quiet take turns. Pure.
 */

/** As many as every sweep can look at for half a percent of a core. */
const FILES_PER_SWEEP = 2_000;

/** Sweeps without a change after which a file counts as quiet: a minute. */
const QUIET_SWEEPS = 30;

/** A quiet file's turn comes at every third sweep, at the latest six seconds after a change. */
const SWEEPS_PER_TURN = 3;

export class SweepPace {
  #sweep = 0;
  #index = 0;
  #isCrowded = false;

  /** A sweep over so many files begins. */
  begin(files: number): void {
    this.#sweep++;
    this.#index = 0;
    this.#isCrowded = files > FILES_PER_SWEEP;
  }

  /** Whether it looks at the next file, which was not woken for so many sweeps. */
  isTurnOf(quietSweeps: number): boolean {
    this.#index++;
    if (!this.#isCrowded || quietSweeps < QUIET_SWEEPS) return true;
    return (this.#index + this.#sweep) % SWEEPS_PER_TURN === 0;
  }
}
