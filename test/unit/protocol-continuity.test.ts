/** The continuity rule case by case; protocol-continuity-histories.test.ts drives it at random. */
import { describe, expect, test } from 'vitest';
import {
  checkContinuity,
  FIRST_ENTRY,
  type HistoryView,
  type Position,
  VOID_EPOCH,
  VOID_POSITION,
} from '../../shared/protocol/index.js';

/** Entries 10-0 (lines 11 to 20), 20-0 (21 to 30), 30-0 (31 to 40) are kept; 1 to 10 are trimmed. */
const VIEW: HistoryView = {
  epoch: 'e',
  firstSeq: 11,
  nextSeq: 41,
  firstEntry: '10-0',
  lastEntry: '30-0',
  anchored: true,
};
const CURSOR: Position = { epoch: 'e', entry: '20-0', seq: 31 };
const FIRST = { seq: 31, lines: 10 };

describe('contiguous', () => {
  test.each([
    ['the next batch begins with the next line', CURSOR, VIEW, FIRST, 0],
    ['the place is inside of the next batch', { ...CURSOR, seq: 35 }, VIEW, FIRST, 4],
    ['there is nothing more', { ...CURSOR, entry: '30-0', seq: 41 }, VIEW, undefined, 0],
    [
      'the entry of the place was trimmed, and nothing after it',
      { ...CURSOR, entry: '5-0', seq: 11 },
      { ...VIEW, anchored: false },
      { seq: 11, lines: 10 },
      0,
    ],
    [
      'a channel that did not exist now does',
      VOID_POSITION,
      { ...VIEW, firstSeq: 1, anchored: false },
      { seq: 1, lines: 3 },
      0,
    ],
    [
      'a channel that did not exist still does not',
      VOID_POSITION,
      {
        epoch: VOID_EPOCH,
        firstSeq: 1,
        nextSeq: 1,
        firstEntry: FIRST_ENTRY,
        lastEntry: FIRST_ENTRY,
        anchored: false,
      },
      undefined,
      0,
    ],
  ])('when %s', (_case, cursor, view, first, skip) => {
    expect(checkContinuity(cursor, view, first)).toEqual({ kind: 'contiguous', skip });
  });
});

describe('a gap', () => {
  test.each([
    [
      'trimmed: the next batch begins later',
      { ...CURSOR, entry: '3-0', seq: 6 },
      { ...VIEW, anchored: false },
      { seq: 11, lines: 10 },
      { reason: 'trimmed', from: 6, to: 10, lines: 5, resume: { epoch: 'e', entry: '3-0', seq: 11 } },
    ],
    [
      'trimmed: nothing is kept',
      CURSOR,
      { ...VIEW, firstSeq: 41, firstEntry: FIRST_ENTRY, anchored: false },
      undefined,
      { reason: 'trimmed', from: 31, to: 40, lines: 10, resume: { epoch: 'e', entry: '30-0', seq: 41 } },
    ],
    [
      'rewound: the store ends before the place',
      { ...CURSOR, entry: '50-0', seq: 61 },
      { ...VIEW, anchored: false },
      undefined,
      { reason: 'rewound', from: 41, to: 60, lines: 20, resume: { epoch: 'e', entry: '30-0', seq: 41 } },
    ],
    [
      'rewound: the numbers were given again',
      { ...CURSOR, entry: '25-0', seq: 36 },
      { ...VIEW, anchored: false },
      FIRST,
      { reason: 'rewound', from: 31, to: 35, lines: 5, resume: { epoch: 'e', entry: '25-0', seq: 31 } },
    ],
    [
      'rewound: the batch that the place is inside of became shorter',
      { ...CURSOR, seq: 39 },
      { ...VIEW, nextSeq: 36 },
      { seq: 31, lines: 5 },
      { reason: 'rewound', from: 31, to: 38, lines: 8, resume: { epoch: 'e', entry: '20-0', seq: 31 } },
    ],
    [
      'rewound to the first line: the clock went back too, and where the histories part is unknown',
      { ...CURSOR, entry: '35-0', seq: 38 },
      { ...VIEW, anchored: false },
      undefined,
      { reason: 'rewound', from: 1, to: 37, lines: 37, resume: { epoch: 'e', entry: FIRST_ENTRY, seq: 1 } },
    ],
    [
      'recreated: another epoch, which begins with its first line whether that is kept or not',
      { ...CURSOR, epoch: 'd' },
      VIEW,
      FIRST,
      {
        reason: 'recreated',
        from: null,
        to: null,
        lines: null,
        resume: { epoch: 'e', entry: FIRST_ENTRY, seq: 1 },
      },
    ],
    [
      'recreated: the history is gone',
      CURSOR,
      {
        epoch: VOID_EPOCH,
        firstSeq: 1,
        nextSeq: 1,
        firstEntry: FIRST_ENTRY,
        lastEntry: FIRST_ENTRY,
        anchored: false,
      },
      undefined,
      { reason: 'recreated', from: null, to: null, lines: null, resume: VOID_POSITION },
    ],
  ])('%s', (_case, cursor, view, first, gap) => {
    expect(checkContinuity(cursor, view, first)).toEqual({ kind: 'gap', gap });
  });
});
