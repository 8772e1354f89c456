import { join } from 'node:path';
import { expect, test } from 'vitest';
import { announcedRandom, type Random } from '../support/fault-random.js';
import { type FaultRig, type RigOptions, startRig, VICTIMS } from '../support/fault-rig.js';
import { ROOT } from '../support/fault-stack.js';
import { numberedLines } from '../support/numbered-writer.js';
import { compareLines } from '../support/received-lines.js';

const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 100);
const ROUND_MS_MAX = 5_000;
const BLIND_AGENT = ['--import', 'tsx', join(ROOT, 'test/fault/fixtures/blind-agent.ts')];
/** One is enough where both agents get to run; on a busy machine the first may be killed before it does. */
const CONTROL_ROUNDS_MAX = 40;

test(
  `${ROUNDS} kills of agent, hub and client lose no line, double none and keep the order`,
  async () => {
    const random = announcedRandom('kill-loops');
    await using rig = await startRig({ random });
    const moments = { start: 0, rotation: 0 };
    for (let round = 0; round < ROUNDS; round += 1) await killSomebody(rig, random, moments);
    const { comparison, gaps } = await outcome(rig);
    expect(comparison).toMatchObject({ missing: [], repeated: [], outOfOrder: [], foreign: [] });
    expect(gaps).toEqual([]);
    expect(Object.values(rig.kills).reduce((sum, kills) => sum + kills)).toBe(ROUNDS);
    expect(Math.min(...Object.values(rig.kills))).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 20));
    expect(rig.rotations).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 50));
    expect(Math.min(...Object.values(moments))).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 100));
  },
  60_000 + ROUNDS * ROUND_MS_MAX,
);

test('without the position compare the same rig finds doubled lines', async () => {
  const random = announcedRandom('kill-loops, control');
  await using rig = await startRig({ random, agent: BLIND_AGENT } satisfies RigOptions);
  let repeated: readonly string[] = [];
  for (let round = 0; round < CONTROL_ROUNDS_MAX && repeated.length === 0; round += 1) {
    await rig.killOverlapped({ isSuspended: true });
    const { lines } = await rig.record();
    repeated = compareLines(numberedLines(rig.written), lines).repeated;
  }
  expect(repeated.length).toBeGreaterThan(0);
}, 180_000);

/**
 * One round: one kill. In some the next one follows before the processes are back at work, in some an agent is
 * killed that has not got to say that it is ready, or while it makes out what was rotated a moment ago.
 */
async function killSomebody(rig: FaultRig, random: Random, moments: Record<'start' | 'rotation', number>) {
  const isStarting = !rig.isReady('agent') && random.next() < 0.5;
  const victim = isStarting ? 'agent' : random.pick(VICTIMS);
  const rotates = random.next() < 0.15;
  if (victim === 'agent' && random.next() < 0.3) {
    await rig.someLines(random.between(0, 100));
    if (rig.rotate()) moments.rotation += 1;
    await rig.someLines(random.between(0, 30));
  }
  if (victim === 'agent' && !rig.isReady('agent')) moments.start += 1;
  if (victim === 'agent' && random.next() < 0.25)
    await rig.killOverlapped({ isSuspended: random.next() < 0.5 });
  else await rig.kill(victim, () => void (rotates && rig.rotate()));
  if (random.next() < 0.5) await rig.progress();
  await rig.someLines(random.between(1, 300));
}

async function outcome(rig: FaultRig) {
  const { lines, gaps } = await rig.finish();
  return { comparison: compareLines(numberedLines(rig.written), lines), gaps };
}
