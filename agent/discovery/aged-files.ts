/**
 * Files that no agent has read and that were last written to longer ago than their rule takes (`ignore_older`).
 * Each is begun once it changes, and nothing of it is left out then. Clocks that jump hold nothing back for good.
 */
import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SourceRule } from '../config/source-rule.js';
import { type FileLook, isSameLook, LOOKS_PER_SLICE, lookOf } from '../files/log-file.js';
import type { FoundFile } from './discovery.js';

export interface Clocks {
  /** Milliseconds since 1970; may be set at any time. */
  wallMs(): number;
  /** Milliseconds since some moment; never set, and stands still while the machine sleeps. */
  steadyMs(): number;
}

const CLOCKS: Clocks = { wallMs: () => Date.now(), steadyMs: () => performance.now() };

export class AgedFiles {
  readonly #clocks: Clocks;
  readonly #startWallMs: number;
  readonly #startSteadyMs: number;
  /** With their first looks: what they are compared with. */
  readonly #held = new Map<string, FoundFile>();

  constructor(clocks: Clocks = CLOCKS) {
    this.#clocks = clocks;
    this.#startWallMs = clocks.wallMs();
    this.#startSteadyMs = clocks.steadyMs();
  }

  /** Whether the file, which no agent has read, is to be left alone for now. */
  holds(found: FoundFile): boolean {
    const held = this.#held.get(found.path);
    const isAged = (held === undefined || isSameLook(held.look, found.look)) && this.#isOld(found);
    if (isAged && held === undefined) this.#held.set(found.path, found);
    return isAged;
  }

  /** The file is begun, or gone. Returns what it looked like when it was found first, if it was held. */
  release(path: string): FileLook | undefined {
    const held = this.#held.get(path);
    this.#held.delete(path);
    return held?.look;
  }

  /** Goes by other rules; what a file looked like at first is kept. */
  follow(ruleOf: (path: string) => SourceRule | undefined): void {
    for (const [path, held] of this.#held) {
      const rule = ruleOf(path);
      if (rule === undefined) this.#held.delete(path);
      else this.#held.set(path, { ...held, rule });
    }
  }

  /** Something may have happened to the file; calls `begin` with one that is held no longer. */
  reconsider(path: string, begin: (found: FoundFile) => void): void {
    const held = this.#held.get(path);
    if (held === undefined) return;
    const look = lookNow(path);
    if (look === undefined) this.release(path);
    else if (!this.holds({ ...held, look })) begin({ ...held, look });
  }

  async sweep(begin: (found: FoundFile) => void): Promise<void> {
    let looked = 0;
    for (const path of [...this.#held.keys()]) {
      this.reconsider(path, begin);
      if (++looked % LOOKS_PER_SLICE === 0) await nextTurn();
    }
  }

  #isOld({ rule, look }: FoundFile): boolean {
    if (rule.ignoreOlderMs === undefined) return false;
    return this.#nowMs() - Number(look.modifiedNs / 1_000_000n) > rule.ignoreOlderMs;
  }

  /** A clock that is set forward makes no file older than it is; one that is set back only makes them younger. */
  #nowMs(): number {
    const { wallMs, steadyMs } = this.#clocks;
    return Math.min(wallMs(), this.#startWallMs + steadyMs() - this.#startSteadyMs);
  }
}

function lookNow(path: string) {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() ? lookOf(stats) : undefined;
  } catch {
    return undefined;
  }
}
