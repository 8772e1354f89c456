/** Random histories of one path. Whatever comes, each line is stored once and in order, or its loss is told. */
import { expect, test } from 'vitest';
import type { LogWriter } from '../../shared/store/log-store.js';
import { agentStand } from '../support/agent-stand.js';
import { ObliviousWriter } from '../support/agent-writers.js';
import { FileHistory, randomFrom } from '../support/file-history.js';

const ROUNDS = Number(process.env['TAILRACE_ROUNDS'] ?? 12);
const FIRST_SEED = Number(process.env['TAILRACE_SEED'] ?? Date.now() % 1_000_000);
const STEPS = 40;
const CONTROL_ROUNDS_MAX = 30;

/** What is wrong with the history of a seed; empty where nothing is. */
async function faultOf(seed: number, around: (writer: LogWriter) => LogWriter): Promise<string> {
  const stand = await agentStand();
  const history = new FileHistory(stand, randomFrom(seed), around(stand.writer));
  try {
    await history.begin();
    for (let step = 0; step < STEPS; step++) await history.step();
    const fault = await history.end();
    return fault === '' ? '' : `seed ${seed}: ${fault}\n${history.journal}`;
  } catch (error) {
    throw new Error(`seed ${seed}\n${history.journal}`, { cause: error });
  }
}

test(
  'every line of a random history is stored once and in order',
  async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      const fault = await faultOf(seed, (writer) => writer);
      if (fault !== '') expect.fail(fault);
    }
  },
  60_000 + ROUNDS * 20_000,
);

test('without marks a random history repeats lines', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CONTROL_ROUNDS_MAX; seed++) {
    if ((await faultOf(seed, (writer) => new ObliviousWriter(writer))) !== '') return;
  }
  expect.fail(`${CONTROL_ROUNDS_MAX} histories passed`);
});
