/**
 * Which lines belong to one event, said line by line. Pure. A grammar knows nothing of bytes, offsets or
 * bounds: event-grouper.ts keeps those.
 *
 * A line belongs to its event _firmly_, or only _if a firm one follows_: a blank line inside a Go panic, the
 * second line of an exception's message. An event ends behind its last firm line, and what came after that is
 * grouped anew.
 */
import { Pattern } from '../../shared/pattern.js';

/** The place in a grammar that a line led to. Equal states go on alike. */
export interface EventState {
  /** Whether the line belongs to the event whatever follows. */
  readonly isFirm: boolean;
  /** Whether no later line can belong to the event. */
  readonly isFinal: boolean;
}

export interface EventGrammar {
  /** After a line that begins an event: firm. */
  begin(line: string): EventState;
  /** After one more line; undefined where it is not of this event. */
  next(state: EventState, line: string): EventState | undefined;
}

/** What a user says; at least one of them. */
export interface LineRules {
  /** A line that matches begins an event, always. */
  readonly start?: Pattern;
  /** A line that matches belongs to the event before it. */
  readonly continues?: Pattern;
  /** A line that matches is the last of its event. */
  readonly end?: Pattern;
}

const OPEN: EventState = { isFirm: true, isFinal: false };
/** Began with a line that is no start, though there is a rule for it. */
const STRAY: EventState = { isFirm: true, isFinal: false };
const OVER: EventState = { isFirm: true, isFinal: true };

/**
 * A line that no rule claims belongs to the event before it if that is how its end will be known: by a `start`
 * or by an `end` that is still to come. With `continue` given, it begins an event of its own.
 */
export class LineGrammar implements EventGrammar {
  readonly rules: LineRules;

  constructor(rules: LineRules) {
    this.rules = rules;
  }

  begin(line: string): EventState {
    const { start, continues, end } = this.rules;
    if (end?.test(line)) return OVER;
    if (start === undefined || start.test(line)) return OPEN;
    return end !== undefined && continues === undefined ? OVER : STRAY;
  }

  next(state: EventState, line: string): EventState | undefined {
    const { start, continues, end } = this.rules;
    if (start?.test(line)) return undefined;
    if (end?.test(line)) return OVER;
    const belongs = continues === undefined ? state === OPEN || end === undefined : continues.test(line);
    return belongs ? state : undefined;
  }
}

/** What a line leads to that matches: another state, or out of the event. Without a pattern every line matches. */
export interface GrammarRule {
  readonly pattern?: Pattern;
  readonly to?: string;
}

/**
 * The rules of each state, the first that matches decides; where none does the line is not of the event. A state
 * whose name ends with `?` holds lines that belong only if a firm one follows.
 */
export type GrammarTable = Readonly<Record<string, readonly GrammarRule[]>>;

/** The state before the first line. One of its rules must take every line. */
export const BEGIN = 'begin';

/** A grammar from a table of states; those without rules of their own are final. */
export class TableGrammar implements EventGrammar {
  readonly table: GrammarTable;
  readonly #states = new Map<string, TableState>();

  constructor(table: GrammarTable) {
    this.table = table;
  }

  begin(line: string): EventState {
    return step(this.#state(BEGIN), line) ?? OVER;
  }

  next(state: EventState, line: string): EventState | undefined {
    return step(state as TableState, line);
  }

  #state(name: string): TableState {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const rules = this.table[name];
    const gate = gateOf(rules ?? []);
    const state: TableState = { isFirm: !name.endsWith('?'), isFinal: rules === undefined, gate, steps: [] };
    this.#states.set(name, state);
    for (const { pattern, to } of rules ?? []) {
      state.steps.push({ pattern, to: to === undefined ? undefined : this.#state(to) });
    }
    return state;
  }
}

interface Step {
  readonly pattern: Pattern | undefined;
  readonly to: TableState | undefined;
}

interface TableState extends EventState {
  /** Matches what any of the patterns matches: most lines match none, and are asked once. */
  readonly gate: Pattern | undefined;
  readonly steps: Step[];
}

function gateOf(rules: readonly GrammarRule[]): Pattern | undefined {
  const sources = rules.flatMap(({ pattern }) => (pattern === undefined ? [] : [`(?:${pattern.source})`]));
  return sources.length < 2 ? undefined : Pattern.compile(sources.join('|'));
}

function step({ gate, steps }: TableState, line: string): TableState | undefined {
  const isOrdinary = gate?.test(line) === false;
  return steps.find(({ pattern }) => pattern === undefined || (!isOrdinary && pattern.test(line)))?.to;
}
