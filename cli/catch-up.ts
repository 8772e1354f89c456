/** Says in one line how a long catch-up gets on, from looks at two numbers. Pure: the clock is passed in. */
import { bytesInWords } from './bytes-in-words.js';

export interface CatchUpLook {
  /** By a clock that only goes forward. */
  readonly atMs: number;
  /** Bytes that the store has taken since the agent started. */
  readonly appendedBytes: number;
  readonly unreadBytes: number;
  readonly isStoreAway: boolean;
}

/** Less than that is done before anybody has read the line. */
const BACKLOG_BYTES_MIN = 64 * 1024 * 1024;
const REMAINING_MS_MIN = 2_000;

/** Files that are written to always have something unread: below that the catch-up is over. */
const DONE_BYTES = 1024 * 1024;

/** The rate is that of the last few seconds. */
const WINDOW_MS = 5_000;

export class CatchUp {
  #looks: CatchUpLook[] = [];
  /** What was appended when it began; undefined while there is none. */
  #begunAt: number | undefined;

  /** The text to show now, or undefined where there is nothing to tell. */
  look(now: CatchUpLook): string | undefined {
    this.#looks = [...this.#looks.filter(({ atMs }) => now.atMs - atMs <= WINDOW_MS), now];
    if (now.unreadBytes < DONE_BYTES) this.#begunAt = undefined;
    else if (this.#begunAt === undefined && this.#isWorthTelling(now)) {
      this.#begunAt = this.#looks[0]?.appendedBytes ?? now.appendedBytes;
    }
    return this.#begunAt === undefined ? undefined : this.#text(now, this.#begunAt);
  }

  #isWorthTelling(now: CatchUpLook): boolean {
    if (now.unreadBytes < BACKLOG_BYTES_MIN || this.#looks.length < 2) return false;
    return remainingMs(now, this.#bytesPerSecond(now)) > REMAINING_MS_MIN;
  }

  #text(now: CatchUpLook, begunAt: number): string {
    const done = now.appendedBytes - begunAt;
    const total = done + now.unreadBytes;
    const percent = Math.floor((done / total) * 100);
    const progress = `catching up: ${bytesInWords(done)} of ${bytesInWords(total)} (${percent} %)`;
    if (now.isStoreAway) return `${progress}, waiting for the store`;
    const rate = this.#bytesPerSecond(now);
    if (rate === 0) return `${progress}, nothing moves`;
    return `${progress}, ${bytesInWords(rate)}/s, ${clock(remainingMs(now, rate))} to go`;
  }

  #bytesPerSecond({ atMs, appendedBytes }: CatchUpLook): number {
    const [first] = this.#looks;
    if (first === undefined || first.atMs >= atMs) return 0;
    return ((appendedBytes - first.appendedBytes) / (atMs - first.atMs)) * 1_000;
  }
}

function remainingMs({ unreadBytes }: CatchUpLook, bytesPerSecond: number): number {
  return (unreadBytes / bytesPerSecond) * 1_000;
}

/** `0:07`, `12:40`, `3:00:15`. */
function clock(durationMs: number): string {
  const seconds = Math.ceil(durationMs / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const tail = `${seconds % 60}`.padStart(2, '0');
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${`${minutes}`.padStart(2, '0')}:${tail}`;
}
