/** The rules by which a line is given up, one by one; agent-trial-histories holds the whole against outages. */
import { describe, expect, test } from 'vitest';
import { Suspicion, TRIALS } from '../../agent/sources/suspicion.js';

const BATCH = { from: 1_000, to: 2_000, lines: 10 };
const LINE = { from: 1_000, to: 1_100, lines: 1 };

/** A suspicion of the one line, which has failed so many times on its own. */
function afterTrials(count: number): Suspicion {
  const suspicion = new Suspicion();
  for (let failures = 0; failures < count + 2; failures++) {
    suspicion.failed(LINE, 'interrupted');
    suspicion.stands(LINE.from);
  }
  return suspicion;
}

test('one failure means nothing: everything is sent again as before', () => {
  const suspicion = new Suspicion();
  suspicion.failed(BATCH, 'interrupted');
  expect(suspicion.plan).toEqual({ kind: 'free' });
  expect(suspicion.stands(BATCH.from)).toBe(true);
  expect(suspicion.plan).toEqual({ kind: 'free' });
});

test('a batch that fails twice is tried by halves until one line is left', () => {
  const suspicion = new Suspicion();
  for (let time = 0; time < 2; time++) {
    suspicion.failed(BATCH, 'refused');
    suspicion.stands(BATCH.from);
  }
  expect(suspicion.plan).toEqual({ kind: 'alone', bound: 1_500, isSingle: false });
  suspicion.failed({ ...BATCH, to: 1_450, lines: 4 }, 'refused');
  suspicion.stands(BATCH.from);
  expect(suspicion.plan).toEqual({ kind: 'alone', bound: 1_250, isSingle: false });
  suspicion.foundNothing();
  expect(suspicion.plan).toEqual({ kind: 'alone', bound: 1_375, isSingle: false });
  suspicion.failed({ ...BATCH, to: 1_300, lines: 1 }, 'refused');
  suspicion.stands(BATCH.from);
  expect([suspicion.plan, suspicion.trials]).toEqual([{ kind: 'alone', bound: 1_375, isSingle: true }, 1]);
});

test('a half that is taken leaves the rest of the batch suspected, and nothing once all is taken', () => {
  const suspicion = new Suspicion();
  for (let time = 0; time < 2; time++) {
    suspicion.failed(BATCH, 'refused');
    suspicion.stands(BATCH.from);
  }
  suspicion.appended(1_450);
  expect(suspicion.plan).toEqual({ kind: 'alone', bound: 1_725, isSingle: false });
  suspicion.appended(2_000);
  expect(suspicion.plan).toEqual({ kind: 'free' });
});

describe('a line alone', () => {
  test('is given up after its last try only, and never before the store decided between it and its placeholder', () => {
    for (let count = 0; count < TRIALS - 1; count++) expect(afterTrials(count).plan.kind).toBe('alone');
    expect(afterTrials(TRIALS - 1).plan.kind).toBe('alone_or_placeholder');
    expect(afterTrials(TRIALS).plan.kind).toBe('placeholder');
  });

  test('that is refused together with its placeholder was not at fault, and is tried anew', () => {
    const suspicion = afterTrials(TRIALS - 1);
    suspicion.failed(LINE, 'refused');
    suspicion.placeholderRefused();
    suspicion.stands(LINE.from);
    expect([suspicion.plan.kind, suspicion.trials]).toEqual(['alone', 0]);
  });

  test('whose placeholder is not taken either was not at fault, and is tried anew', () => {
    const suspicion = afterTrials(TRIALS);
    suspicion.failed(LINE, 'interrupted');
    suspicion.stands(LINE.from);
    expect([suspicion.plan.kind, suspicion.trials]).toEqual(['alone', 0]);
  });

  test.each([
    ['the store failed at something else', (suspicion: Suspicion) => suspicion.acquit()],
    ['the store does not answer', (suspicion: Suspicion) => suspicion.unanswered(false)],
    ['it failed for a cause that cannot be its own', (s: Suspicion) => s.failed(LINE, undefined)],
    ['the store went back', (suspicion: Suspicion) => suspicion.stands(LINE.from - 1)],
    ['another agent appended it', (suspicion: Suspicion) => suspicion.stands(LINE.to)],
    ['it was taken at last', (suspicion: Suspicion) => suspicion.appended(LINE.to)],
  ])('is acquitted when %s', (_, happens) => {
    const suspicion = afterTrials(TRIALS - 1);
    happens(suspicion);
    suspicion.failed(LINE, 'interrupted');
    suspicion.stands(LINE.from);
    expect([suspicion.plan.kind, suspicion.trials]).toEqual(['free', 0]);
  });

  test('ends a connection once: a second one that ends behind it is none of its doing', () => {
    const suspicion = afterTrials(1);
    suspicion.failed(LINE, 'refused');
    suspicion.unanswered(true);
    suspicion.stands(LINE.from);
    expect(suspicion.trials).toBe(2);
    suspicion.failed(LINE, 'refused');
    suspicion.unanswered(true);
    suspicion.unanswered(true);
    expect(suspicion.plan.kind).toBe('free');
  });

  test('a failure counts only once the store has answered that the source still stands there', () => {
    const suspicion = afterTrials(TRIALS - 1);
    suspicion.failed(LINE, 'interrupted');
    expect(suspicion.trials).toBe(TRIALS - 1);
    expect(suspicion.stands(LINE.to)).toBe(false);
    expect(suspicion.plan.kind).toBe('free');
  });
});
