/** When spare memory is given back: the rule alone, by loads that are made up. */
import { expect, test } from 'vitest';
import { type Load, SlackRule } from '../../cli/slack.js';

const MEBIBYTE = 1024 * 1024;

/** A process that is looked at every two seconds, with the share of a core that it took since the last look. */
class Looks {
  readonly rule = new SlackRule();
  #load: Load = { nowMs: 0, cpuMs: 0, heapBytes: 0 };

  constructor() {
    this.rule.isDue(this.#load);
  }

  isDue(coreShare: number, heapMebibytes: number, afterMs = 2_000): boolean {
    const { nowMs, cpuMs } = this.#load;
    this.#load = {
      nowMs: nowMs + afterMs,
      cpuMs: cpuMs + coreShare * afterMs,
      heapBytes: heapMebibytes * MEBIBYTE,
    };
    return this.rule.isDue(this.#load);
  }

  collected(heapMebibytes: number): void {
    this.rule.collected({ ...this.#load, heapBytes: heapMebibytes * MEBIBYTE });
  }
}

test('a process that has come to rest after much work is told to collect', () => {
  const looks = new Looks();
  expect(looks.isDue(1, 120)).toBe(false);
  expect(looks.isDue(0.9, 120)).toBe(false);
  expect(looks.isDue(0.02, 120)).toBe(true);
});

test('a process at work is left alone, however large its heap', () => {
  const looks = new Looks();
  for (let look = 0; look < 100; look++) expect(looks.isDue(0.15, 500)).toBe(false);
});

test('the first look decides nothing, for it cannot tell work from rest', () => {
  expect(new SlackRule().isDue({ nowMs: 5_000, cpuMs: 10, heapBytes: 500 * MEBIBYTE })).toBe(false);
});

test('what new objects take at rest, again and again, is no reason to collect', () => {
  const looks = new Looks();
  expect(looks.isDue(0, 80)).toBe(true);
  looks.collected(40);
  for (let look = 0; look < 1_000; look++) expect(looks.isDue(0.02, 44)).toBe(false);
});

test('a heap that has grown is collected again, after half a minute at the earliest', () => {
  const looks = new Looks();
  expect(looks.isDue(0, 80)).toBe(true);
  looks.collected(40);
  expect(looks.isDue(0, 80, 29_000)).toBe(false);
  expect(looks.isDue(0, 80)).toBe(true);
});

test('a collection in a lull of the work does not put off the one at its end for long', () => {
  const looks = new Looks();
  expect(looks.isDue(0.05, 60)).toBe(true);
  looks.collected(58);
  for (let look = 0; look < 10; look++) expect(looks.isDue(1, 130)).toBe(false);
  const atRest = Array.from({ length: 10 }, () => looks.isDue(0.02, 130));
  expect(atRest).toContain(true);
});

test('a process that needs what it has is not collected over and over', () => {
  const looks = new Looks();
  let collections = 0;
  for (let look = 0; look < 10_000; look++) {
    if (!looks.isDue(0, 200)) continue;
    looks.collected(200);
    collections++;
  }
  expect(collections).toBe(1);
});
