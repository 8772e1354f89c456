/** Truncation of a file, which looks the same as nothing at all when it has grown again: each line once. */
import { writeFileSync } from 'node:fs';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { type Case, testCases } from '../support/agent-cases.js';
import { asText, numbered } from '../support/agent-stand.js';

const OLD = numbered(1001, 1100);

/** What is in the file instead, in relation to what was read: as many lines, half or twice as many. */
const SIZES = { 'shorter content': 50, 'equally long content': 100, 'longer content': 200 };

const CASES = Object.entries(SIZES).flatMap(([what, lines]): Case[] => {
  const anew = numbered(2001, 2000 + lines);
  const fools = lines === 50 ? 'blind' : 'inode';
  return [
    {
      promise: `a file emptied and filled with ${what} between two looks is read from its start`,
      fools,
      async play(stage) {
        await writeFile(stage.path('app.log'), asText(OLD));
        await stage.up();
        await stage.hasRead(100);
        // In one step: the agent, of the same process, cannot look in between.
        writeFileSync(stage.path('app.log'), asText(anew));
        return [...OLD, ...anew];
      },
    },
    {
      promise: `a file emptied and filled with ${what} while the agent was down is read from its start`,
      fools,
      async play(stage) {
        await writeFile(stage.path('app.log'), asText(OLD));
        await stage.up();
        await stage.hasRead(100);
        await stage.down();
        await writeFile(stage.path('app.log'), asText(anew));
        await stage.up();
        return [...OLD, ...anew];
      },
    },
    {
      promise: `a file that is seen empty and then filled with ${what} is read from its start`,
      fools: 'blind',
      async play(stage) {
        await writeFile(stage.path('app.log'), asText(OLD));
        await stage.up();
        await stage.hasRead(100);
        await truncate(stage.path('app.log'));
        await stage.hasSaid(/app\.log was truncated/);
        await appendFile(stage.path('app.log'), asText(anew));
        return [...OLD, ...anew];
      },
    },
  ];
});

testCases(CASES);
