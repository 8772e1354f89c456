/**
 * A channel's history as a model, and a client of it that delivers by the continuity rule alone. Between them
 * they know the truth: what the store holds under each number, and what the client believes. No I/O.
 */
import {
  checkContinuity,
  compareEntries,
  FIRST_ENTRY,
  type Gap,
  type HistoryView,
  type Position,
  VOID_EPOCH,
  VOID_POSITION,
} from '../../shared/protocol/index.js';

interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly lines: readonly string[];
}

interface State {
  readonly epoch: string;
  readonly entries: readonly Entry[];
  /** Every line of this history by its number, trimmed ones too; the first is at index 1. */
  readonly lines: readonly string[];
  readonly lastEntry: string;
}

const NOTHING: State = { epoch: VOID_EPOCH, entries: [], lines: [''], lastEntry: FIRST_ENTRY };

export class ModelChannel {
  #state = NOTHING;
  /** States that a store which goes back may come up with again; of the present epoch. */
  #earlier: State[] = [NOTHING];
  #clockMs = 1_000;
  #linesEver = 0;
  #epochsEver = 0;

  get nextSeq(): number {
    return this.#state.lines.length;
  }

  get states(): number {
    return this.#earlier.length;
  }

  lineAt(seq: number): string | undefined {
    return this.#state.lines[seq];
  }

  passTime(ms: number): void {
    this.#clockMs += ms;
  }

  append(count: number): void {
    const { entries, lines, lastEntry } = this.#state;
    if (this.#state.epoch === VOID_EPOCH) this.#epochsEver += 1;
    const added = Array.from({ length: count }, (_, index) => `line ${this.#linesEver + index}`);
    this.#linesEver += count;
    const id = nextId(lastEntry, this.#clockMs);
    this.#become({
      epoch: `e${this.#epochsEver}`,
      entries: [...entries, { id, seq: lines.length, lines: added }],
      lines: [...lines, ...added],
      lastEntry: id,
    });
  }

  /** Removes entries from the front; the newest one stays. */
  trim(count: number): void {
    const { entries } = this.#state;
    if (entries.length > 1)
      this.#become({ ...this.#state, entries: entries.slice(Math.min(count, entries.length - 1)) });
  }

  /** The store loses what happened after an earlier moment; 0 is the first one. */
  rollBack(moment: number): void {
    this.#earlier = this.#earlier.slice(0, moment + 1);
    this.#state = this.#earlier[moment] ?? NOTHING;
  }

  /** The history is lost as a whole. */
  recreate(): void {
    this.#state = NOTHING;
    this.#earlier = [NOTHING];
  }

  locateTail(count: number): Position {
    const { epoch, entries, lines, lastEntry } = this.#state;
    const [oldest] = entries;
    if (oldest === undefined) return { ...VOID_POSITION, epoch, entry: lastEntry, seq: lines.length };
    const seq = Math.max(oldest.seq, lines.length - count);
    const before = entries.filter((entry) => entry.seq + entry.lines.length <= seq).at(-1);
    return { epoch, entry: before?.id ?? FIRST_ENTRY, seq };
  }

  /** What a store shows in one atomic step. */
  read(after: Position): { view: HistoryView; first: Entry | undefined } {
    const { epoch, entries, lines, lastEntry } = this.#state;
    const [oldest] = entries;
    const view = {
      epoch,
      firstSeq: oldest?.seq ?? lines.length,
      nextSeq: lines.length,
      firstEntry: oldest?.id ?? FIRST_ENTRY,
      lastEntry,
      anchored: entries.some(({ id }) => id === after.entry),
    };
    return { view, first: entries.find(({ id }) => compareEntries(id, after.entry) > 0) };
  }

  #become(state: State): void {
    this.#state = state;
    this.#earlier.push(state);
  }
}

/** Believes what it is delivered and told, and notices at once when that cannot be. */
export class ModelClient {
  readonly gaps: Gap[] = [];
  readonly #rule: typeof checkContinuity;
  #cursor: Position;
  #start: number;
  readonly #lines = new Map<number, string>();
  /** Numbers that a gap has named as not coming. */
  readonly #named = new Set<number>();

  /** `rule` is what a test puts in place of the real one to see that it would notice. */
  constructor(start: Position, rule: typeof checkContinuity = checkContinuity) {
    this.#cursor = start;
    this.#start = start.seq;
    this.#rule = rule;
  }

  /** One step: a batch, a gap, or nothing more. Returns whether there was anything. */
  step(channel: ModelChannel): boolean {
    const { view, first } = channel.read(this.#cursor);
    const verdict = this.#rule(this.#cursor, view, first && { seq: first.seq, lines: first.lines.length });
    if (verdict.kind === 'gap') {
      this.#learn(verdict.gap);
      return true;
    }
    if (first === undefined) return false;
    for (const line of first.lines.slice(verdict.skip)) this.#take(line);
    this.#cursor = { epoch: view.epoch, entry: first.id, seq: first.seq + first.lines.length };
    return true;
  }

  /** Reads all there is. Returns what the client believes wrongly or does not know, as a sentence. */
  catchUp(channel: ModelChannel): string | undefined {
    for (let steps = 0; this.step(channel); steps += 1) {
      if (steps > 10_000) return 'the client never comes to an end';
    }
    for (let seq = this.#start; seq < channel.nextSeq; seq += 1) {
      const believed = this.#lines.get(seq);
      if (believed !== undefined && believed !== channel.lineAt(seq)) return `line ${seq} is another one`;
      if (believed === undefined && !this.#named.has(seq)) return `line ${seq} was left out in silence`;
    }
    const beyond = [...this.#lines.keys()].find((seq) => seq >= channel.nextSeq);
    return beyond === undefined ? undefined : `line ${beyond} does not exist any more`;
  }

  #take(line: string): void {
    const { seq } = this.#cursor;
    if (this.#lines.has(seq)) throw new Error(`line ${seq} came twice`);
    this.#lines.set(seq, line);
    this.#cursor = { ...this.#cursor, seq: seq + 1 };
  }

  #learn(gap: Gap): void {
    const { reason, from, to, lines, resume } = gap;
    this.gaps.push(gap);
    if (reason === 'recreated') {
      this.#forgetFrom(1);
      this.#start = 1;
    } else if (from === null || to === null || lines !== to - from + 1) {
      throw new Error(`a gap that does not count: ${JSON.stringify(gap)}`);
    } else if (reason === 'rewound') {
      if (resume.seq !== from || to !== this.#cursor.seq - 1)
        throw new Error(`a rewind to elsewhere: ${JSON.stringify(gap)}`);
      this.#forgetFrom(from);
      this.#start = Math.min(this.#start, from);
    } else {
      if (from !== this.#cursor.seq || resume.seq !== to + 1)
        throw new Error(`a gap elsewhere: ${JSON.stringify(gap)}`);
      for (let seq = from; seq <= to; seq += 1) this.#named.add(seq);
    }
    this.#cursor = resume;
  }

  #forgetFrom(seq: number): void {
    for (const known of this.#lines.keys()) if (known >= seq) this.#lines.delete(known);
    for (const known of this.#named) if (known >= seq) this.#named.delete(known);
  }
}

/** Ids rise within a history whatever the clock does, as they do in Redis Streams. */
function nextId(last: string, clockMs: number): string {
  const [lastMs, lastCount] = last.split('-').map(Number) as [number, number];
  return clockMs > lastMs ? `${clockMs}-0` : `${lastMs}-${lastCount + 1}`;
}
