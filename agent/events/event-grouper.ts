/**
 * Puts the lines of one source together to events, within bounds. Pure: it is told each line's text and its
 * offsets, and says where an event ends. It keeps no text. At the end of an event it knows nothing any more,
 * so that reading may begin anew there: whoever does so, and whenever, finds the same events.
 */
import type { EventGrammar, EventState } from './event-grammar.js';

export interface EventRule {
  readonly grammar: EventGrammar;
  /** Lines of one event; the next one begins another event. */
  readonly linesMax: number;
  /** Bytes of an event of several lines, line ends included. */
  readonly bytesMax: number;
  /** An event that could go on is over when its source has not grown for so long. */
  readonly waitMs: number;
}

/** Lines in a row that belong only if a firm one follows. */
export const UNDECIDED_LINES_MAX = 16;

export class EventGrouper {
  readonly #rule: EventRule;
  #state: EventState | undefined;
  #start = 0;
  /** Behind the last line that surely belongs. */
  #firmEnd = 0;
  #lines = 0;
  #undecided = 0;

  constructor(rule: EventRule) {
    this.#rule = rule;
  }

  /**
   * One more line at `[from, to)`, its text without the line end. Returns where the event is over, if it is:
   * the lines from there on, this one among them unless it was the last, are to be given once more.
   */
  take(line: string, from: number, to: number): number | undefined {
    const { grammar, bytesMax, linesMax } = this.#rule;
    if (this.#state === undefined) return this.#begin(grammar.begin(line), from, to);
    const next = to - this.#start > bytesMax ? undefined : grammar.next(this.#state, line);
    if (next === undefined) return this.close();
    this.#state = next;
    this.#lines++;
    if (next.isFirm) this.#firmEnd = to;
    this.#undecided = next.isFirm ? 0 : this.#undecided + 1;
    const isOver = next.isFinal || this.#lines === linesMax || this.#undecided > UNDECIDED_LINES_MAX;
    return isOver ? this.close() : undefined;
  }

  /** Nothing more is to be waited for. Returns where the event is over that was open, if there was one. */
  close(): number | undefined {
    if (this.#state === undefined) return undefined;
    this.#state = undefined;
    return this.#firmEnd;
  }

  #begin(state: EventState, from: number, to: number): number | undefined {
    this.#state = state;
    this.#start = from;
    this.#firmEnd = to;
    this.#lines = 1;
    this.#undecided = 0;
    return state.isFinal || this.#rule.linesMax === 1 ? this.close() : undefined;
  }
}
