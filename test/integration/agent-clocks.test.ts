/** Clocks that jump and files that carry odd times: no line is lost, repeated or out of order for it. */
import { appendFile, utimes } from 'node:fs/promises';
import { onTestFinished, vi } from 'vitest';
import { type Case, type Stage, shift, testCases } from '../support/agent-cases.js';
import { asText, numbered } from '../support/agent-stand.js';

const HOUR_S = 3_600;
const NOW_S = Math.floor(Date.now() / 1_000);

/** When the generations were last written to: the one that was read, two that came meanwhile, the one at the path. */
const ODD_TIMES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'the clock was set an hour back': [NOW_S, NOW_S - HOUR_S, NOW_S - HOUR_S + 60, NOW_S - HOUR_S + 120],
  'the clock was an hour ahead and was set right': [NOW_S + HOUR_S, NOW_S + 1, NOW_S + 2, NOW_S + 3],
  'the clock was set an hour forward': [NOW_S, NOW_S + HOUR_S, NOW_S + HOUR_S + 60, NOW_S + HOUR_S + 120],
  'the clock jumped forward and back': [NOW_S, NOW_S + HOUR_S, NOW_S + HOUR_S + 1, NOW_S + 60],
  'the file that was read has a time in the future': [NOW_S + 400 * 24 * HOUR_S, NOW_S, NOW_S + 1, NOW_S + 2],
  'all have the same time': [NOW_S, NOW_S, NOW_S, NOW_S],
  'all are of 1970': [0, 0, 0, 0],
};

testCases(
  Object.entries(ODD_TIMES).flatMap(([what, [first, second, third, last]]): Case[] => [
    {
      promise: `generations that came while the agent was down are read in order although ${what}`,
      include: 'app.log*',
      fools: new Set([first, second, third, last]).size === 1 ? 'name' : 'time',
      async play(stage) {
        await write(stage, 1, 3, first);
        await stage.up();
        await stage.hasRead(3);
        await stage.down();
        await write(stage, 4, 5, first);
        await shift(stage);
        await write(stage, 6, 7, second);
        await shift(stage);
        await write(stage, 8, 9, third);
        await shift(stage);
        await write(stage, 10, 11, last);
        await stage.up();
        return numbered(1, 11);
      },
    },
    {
      promise: `an agent that looks on reads each generation once although ${what}`,
      include: 'app.log*',
      fools: 'name',
      async play(stage) {
        await write(stage, 1, 3, first);
        await stage.up();
        await stage.hasRead(3);
        await write(stage, 4, 5, first);
        await shift(stage);
        await write(stage, 6, 7, second);
        await shift(stage);
        await write(stage, 8, 9, third);
        await stage.hasRead(9);
        await shift(stage);
        await write(stage, 10, 11, last);
        return numbered(1, 11);
      },
    },
  ]),
);

testCases(
  Object.entries({ forward: HOUR_S, back: -HOUR_S }).map(
    ([where, seconds]): Case => ({
      promise: `lines go on through rotations while the agent’s own clock jumps an hour ${where}`,
      fools: 'name',
      timings: { parkMs: 50 },
      async play(stage) {
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
        onTestFinished(() => void vi.useRealTimers());
        let last = 0;
        for (const jumpS of [0, seconds, -seconds]) {
          if (jumpS === 0) await stage.up();
          vi.setSystemTime(Date.now() + jumpS * 1_000);
          await log(stage, last + 1, last + 3);
          await stage.hasRead(last + 3);
          await log(stage, last + 4, last + 5);
          await shift(stage);
          await log(stage, last + 6, last + 6);
          await stage.hasRead(last + 6);
          await stage.rests();
          last += 6;
        }
        return numbered(1, last);
      },
    }),
  ),
);

async function log(stage: Stage, from: number, to: number): Promise<void> {
  await appendFile(stage.path('app.log'), asText(numbered(from, to)));
}

async function write(stage: Stage, from: number, to: number, timeS: number): Promise<void> {
  await log(stage, from, to);
  await utimes(stage.path('app.log'), timeS, timeS);
}
