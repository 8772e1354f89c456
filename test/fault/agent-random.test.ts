/**
 * Random histories of one path: whatever comes, each line is stored once and in order, or was destroyed unread.
 * With a protection off, some history must show it.
 */
import { expect, test } from 'vitest';
import { BlindWriter, ForgottenPathWriter, ObliviousWriter } from '../support/agent-writers.js';
import { faultOf, type HistoryOptions } from '../support/file-history.js';

const FAULT_ROUNDS = process.env['FAULT_ROUNDS'];

/** `TAILRACE_ROUNDS` histories from `TAILRACE_SEED` on; a short run plays the same ones each time, a long one others. */
const ROUNDS = Number(process.env['TAILRACE_ROUNDS'] ?? 3 * Number(FAULT_ROUNDS ?? 10));
const FIRST_SEED = Number(process.env['TAILRACE_SEED'] ?? (FAULT_ROUNDS ? Date.now() % 1_000_000_000 : 1));
const CONTROL_ROUNDS_MAX = 100;

const AGAIN = 'TAILRACE_ROUNDS=1 npx vitest run test/fault/agent-random.test.ts';

interface Search {
  readonly rounds: number;
  readonly atOnce: number;
  readonly symptom: RegExp;
  readonly options?: Omit<HistoryOptions, 'seed'>;
}

/** Plays histories of seeds in their order, several at once, until one has such a fault, which is returned. */
async function firstFault({ rounds, atOnce, symptom, options }: Search): Promise<string> {
  let next = FIRST_SEED;
  let fault = '';
  const play = async () => {
    while (next < FIRST_SEED + rounds && fault === '') {
      const seed = next++;
      const found = await faultOf({ ...options, seed });
      if (fault === '' && symptom.test(found)) fault = `${found}\nTAILRACE_SEED=${seed} ${AGAIN}`;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, play));
  return fault;
}

test(
  `in ${ROUNDS} random histories every line that stays readable is stored once and in order`,
  async () => {
    process.stdout.write(`agent-random: TAILRACE_SEED=${FIRST_SEED}\n`);
    const fault = await firstFault({ rounds: ROUNDS, atOnce: 24, symptom: /./ });
    if (fault !== '') expect.fail(fault);
  },
  60_000 + ROUNDS * 1_000,
);

for (const [protection, around, symptom] of [
  ['the mark', ObliviousWriter, /stored again|follows|missing/],
  ['the position compare', BlindWriter, /stored again|follows/],
  ['the search for rotated files', ForgottenPathWriter, /missing/],
] as const) {
  test(`without ${protection} a random history shows it`, async () => {
    const options: Search['options'] = { around: (writer) => new around(writer), withinMs: 2_000 };
    const fault = await firstFault({ rounds: CONTROL_ROUNDS_MAX, atOnce: 6, symptom, options });
    expect(fault).not.toBe('');
  });
}
