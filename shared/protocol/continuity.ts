/**
 * The one continuity rule: the first line delivered after a cursor has the cursor's epoch and seq, or the
 * client is told by a gap. Pure: a cursor and what the store showed in one atomic read go in, a verdict
 * comes out. Every path that delivers lines from a store passes through here.
 *
 * It rests on the ids of entries, which hold the store's clock: an id that was lost is not given again, and
 * what is appended after a loss has higher ids than what was lost. So two things it cannot tell: a store that
 * lost entries and whose clock stepped back behind them at the same time, and a loss all traces of which
 * retention removed before the client came back; the client then gets a gap, but one that starts too late.
 */
import { compareEntries, FIRST_ENTRY, type Position, VOID_EPOCH } from './cursor.js';

/** What the store knows of a channel, taken in the same atomic step as the batches after a position. */
export interface HistoryView {
  /** `VOID_EPOCH` where the channel has no history. */
  readonly epoch: string;
  /** Seq of the oldest retained line; equal to `nextSeq` where none is retained. */
  readonly firstSeq: number;
  /** Seq that the next appended line will get. */
  readonly nextSeq: number;
  /** Id of the oldest retained entry; `FIRST_ENTRY` where none is retained. */
  readonly firstEntry: string;
  /** Id of the newest entry ever appended in this epoch. */
  readonly lastEntry: string;
  /** Whether the entry that the position names is still there. */
  readonly anchored: boolean;
}

/** Seq and number of lines of the first batch after the position, where there is one. */
export interface FirstBatch {
  readonly seq: number;
  readonly lines: number;
}

export const GAP_REASONS = ['trimmed', 'rewound', 'recreated', 'skipped', 'unreadable'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/**
 * `trimmed`, `skipped`, `unreadable`: the lines `from` to `to` will not come. `rewound`: the store went
 * back, the numbers `from` to `to` are used again and their lines may come twice. `recreated`: the whole
 * history was replaced, numbers start over and nothing can be counted.
 */
export interface Gap {
  readonly reason: GapReason;
  readonly from: number | null;
  readonly to: number | null;
  readonly lines: number | null;
  /** Where delivery goes on. */
  readonly resume: Position;
}

export type Verdict =
  /** Deliver; leave out the first `skip` lines of the first batch, which lie before the cursor. */
  { readonly kind: 'contiguous'; readonly skip: number } | { readonly kind: 'gap'; readonly gap: Gap };

export function checkContinuity(cursor: Position, view: HistoryView, first: FirstBatch | undefined): Verdict {
  if (cursor.epoch !== view.epoch) return checkEpochs(cursor, view, first);
  if (cursor.seq > view.nextSeq || wasReplaced(cursor, view)) return goneBack(cursor, view, first);
  if (first === undefined) return checkEmpty(cursor, view);
  if (first.seq > cursor.seq) return trimmed(cursor, view, first.seq);
  const skip = cursor.seq - first.seq;
  return skip < first.lines ? { kind: 'contiguous', skip } : rewound(cursor, view, cursor.entry, first.seq);
}

/** Tells a gap whose lines never come from one whose numbers come again. */
export function countedGap(reason: GapReason, from: number, resume: Position): Gap {
  const to = resume.seq - 1;
  return { reason, from, to, lines: to - from + 1, resume };
}

function checkEpochs(cursor: Position, view: HistoryView, first: FirstBatch | undefined): Verdict {
  if (cursor.epoch === VOID_EPOCH) return checkContinuity({ ...cursor, epoch: view.epoch }, view, first);
  // From its first line, also where that is trimmed already: then the next check names what is missing.
  const resume = { epoch: view.epoch, entry: FIRST_ENTRY, seq: 1 };
  return { kind: 'gap', gap: { reason: 'recreated', from: null, to: null, lines: null, resume } };
}

/** Trimming takes entries from the front only: a hole at the cursor's entry means another history. */
function wasReplaced(cursor: Position, view: HistoryView): boolean {
  if (view.anchored || cursor.entry === FIRST_ENTRY || view.firstEntry === FIRST_ENTRY) return false;
  return compareEntries(cursor.entry, view.firstEntry) >= 0;
}

function goneBack(cursor: Position, view: HistoryView, first: FirstBatch | undefined): Verdict {
  if (first !== undefined && first.seq < cursor.seq) {
    return rewound(cursor, view, cursor.entry, first.seq);
  }
  if (cursor.seq > view.nextSeq) return rewound(cursor, view, view.lastEntry, view.nextSeq);
  // Only a clock that went back with the store leads here: where the histories part is unknown, so all
  // that is retained comes again, and the next check names what is not, rather than that a line is missed.
  return rewound(cursor, view, FIRST_ENTRY, 1);
}

function checkEmpty(cursor: Position, view: HistoryView): Verdict {
  return cursor.seq === view.nextSeq
    ? { kind: 'contiguous', skip: 0 }
    : { kind: 'gap', gap: countedGap('trimmed', cursor.seq, tip(view)) };
}

function trimmed(cursor: Position, view: HistoryView, seq: number): Verdict {
  return { kind: 'gap', gap: countedGap('trimmed', cursor.seq, { ...cursor, epoch: view.epoch, seq }) };
}

function rewound(cursor: Position, view: HistoryView, entry: string, seq: number): Verdict {
  const resume = { epoch: view.epoch, entry, seq };
  const to = cursor.seq - 1;
  return { kind: 'gap', gap: { reason: 'rewound', from: seq, to, lines: Math.max(0, to - seq + 1), resume } };
}

/** The place after everything that the view knows of. */
export function tip(view: HistoryView): Position {
  return { epoch: view.epoch, entry: view.lastEntry, seq: view.nextSeq };
}
