import { expect, test } from 'vitest';
import { Frame } from '../../hub/frame.js';
import { FrameBudget, FrameChain } from '../../hub/frame-chain.js';

/** Frames of 1,000 one-character lines that follow each other; each holds a little more than 4,000 bytes. */
function frames(count: number, first = 0): Frame[] {
  const payload = Buffer.from(JSON.stringify(Array.from({ length: 1_000 }, () => 'x')));
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const batch = {
      source: 's',
      from: number,
      to: number + 1,
      lines: 1_000,
      cut: [],
      entry: `${number + 1}-0`,
    };
    return new Frame(
      { channel: 'c', epoch: 'e', before: `${number}-0` },
      { ...batch, seq: number * 1_000 + 1, encoding: 'json', payload },
      undefined,
    );
  });
}

const after = (chain: FrameChain, number: number, seq = number * 1_000 + 1) =>
  chain.after({ epoch: 'e', entry: `${number}-0`, seq });

function held(chain: FrameChain, count: number): number[] {
  return Array.from({ length: count }, (_, number) => number).filter(
    (number) => after(chain, number) !== undefined,
  );
}

test('a frame is found by the entry before it, for the places of its lines only', () => {
  const chain = new FrameChain(new FrameBudget(1e6), 1e6);
  const [first, second] = frames(2) as [Frame, Frame];
  chain.add(first);
  chain.add(second);
  expect(after(chain, 0)).toBe(first);
  expect(after(chain, 0, 500)).toBe(first);
  expect(after(chain, 1)).toBe(second);
  expect([after(chain, 0, 1_001), after(chain, 1, 1), after(chain, 2)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('over its bound a chain drops the oldest frames', () => {
  const budget = new FrameBudget(1e6);
  const chain = new FrameChain(budget, 20_000);
  for (const frame of frames(10)) chain.add(frame);
  expect(held(chain, 10)).toEqual([6, 7, 8, 9]);
  expect(budget.bytes).toBeLessThanOrEqual(20_000);
});

test('a form that is built later counts, and pushes out older frames', () => {
  const budget = new FrameBudget(1e6);
  const chain = new FrameChain(budget, 20_000);
  const added = frames(4);
  for (const frame of added) chain.add(frame);
  added[3]?.message(false);
  expect(held(chain, 4)).toEqual([1, 2, 3]);
  expect(budget.bytes).toBe(added.slice(1).reduce((sum, frame) => sum + frame.bytes, 0));
});

test('over the bound of all chains the one that grew longest ago gives way', () => {
  const budget = new FrameBudget(30_000);
  const [quiet, busy] = [new FrameChain(budget, 1e6), new FrameChain(budget, 1e6)];
  for (const frame of frames(3)) quiet.add(frame);
  for (const frame of frames(5)) busy.add(frame);
  expect([held(quiet, 3), held(busy, 5)]).toEqual([[2], [0, 1, 2, 3, 4]]);
  expect(budget.bytes).toBeLessThanOrEqual(30_000);
});

test('a frame larger than any bound is not kept, and nothing is left behind', () => {
  const budget = new FrameBudget(1_000);
  const chain = new FrameChain(budget, 1_000);
  for (const frame of frames(3)) chain.add(frame);
  expect([held(chain, 3), budget.bytes]).toEqual([[], 0]);
});

test('clearing gives all bytes back, and frames that grow afterwards cost nothing', () => {
  const budget = new FrameBudget(1e6);
  const chain = new FrameChain(budget, 1e6);
  const added = frames(3);
  for (const frame of added) chain.add(frame);
  chain.clear();
  added[0]?.message(false);
  expect([held(chain, 3), budget.bytes]).toEqual([[], 0]);
});

test('a frame that comes again takes the place of the first', () => {
  const budget = new FrameBudget(1e6);
  const chain = new FrameChain(budget, 1e6);
  const [old, again] = [...frames(1), ...frames(1)] as [Frame, Frame];
  chain.add(old);
  chain.add(again);
  expect(after(chain, 0)).toBe(again);
  expect(budget.bytes).toBe(again.bytes);
});
