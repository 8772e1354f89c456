/** Events that the store does not take: each is set aside on its own, and the lines around it are not held up. */
import { rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type AgentStand, agentStand, asText, type StandAgentOptions } from '../support/agent-stand.js';
import { RefusingWriter } from '../support/refusing-writer.js';

const FIRST = 'INFO first, long enough to know the file by';
const ASIDE = (bytes: number) =>
  `[tailrace: the store refused this line of ${bytes} bytes; it was set aside]`;

/** Events end by what follows them alone, and lines that are refused are soon tried again. */
function patient(stand: AgentStand, writer: RefusingWriter, preset: string): StandAgentOptions {
  const sources = [{ include: [stand.path('app.log')], multiline: { preset, max_wait: '1m' } }];
  return { sources, writer, timings: { trialMs: 5 } };
}

/** The line that shows that the event is over is an event of its own, so that no part of the file ends with the one. */
const OVER_WITH_THE_NEXT = [
  {
    preset: 'python',
    event: ['Traceback (most recent call last):', '  File "a.py", line 1', 'ValueError: bad'],
  },
  { preset: 'go', event: ['panic: bad', '', 'goroutine 1 [running]:', 'main.main()', '\t/a.go:1 +0x1'] },
];

test.each(OVER_WITH_THE_NEXT)(
  'an event of $preset alone, though the line behind it ends with it',
  async (given) => {
    const { preset, event } = given;
    const stand = await agentStand();
    const writer = new RefusingWriter(stand.writer, (json) => json.includes('bad'));
    await writeFile(stand.path('app.log'), asText([FIRST, ...event, 'INFO next', 'INFO last']));
    const agent = await stand.start(patient(stand, writer, preset));
    const expected = [FIRST, ASIDE(asText(event).length), 'INFO next', 'INFO last'];
    expect(await stand.linesOnce(expected.length)).toEqual(expected);
    expect(agent.stats().setAsideLines).toBe(1);
  },
);

const HEAD = ['java.lang.Error: a', '\tat A.b(A.java:1)'];
const REST = ['\tat C.d(C.java:2)'];
const HALVES = [
  { what: 'its beginning', isRefused: (json: string) => json.includes('Error'), lines: [ASIDE(37), ...REST] },
  { what: 'its end', isRefused: (json: string) => json.includes('C.d'), lines: [HEAD.join('\n'), ASIDE(18)] },
  {
    what: 'only the whole',
    isRefused: (json: string) => json.includes('Error') && json.includes('C.d'),
    lines: [HEAD.join('\n'), ...REST],
  },
];

test.each(HALVES)(
  'of one that lies in two files, where $what is refused, no more than that',
  async (given) => {
    const { isRefused, lines } = given;
    const stand = await agentStand();
    const writer = new RefusingWriter(stand.writer, isRefused);
    await stand.start(patient(stand, writer, 'java'));
    await writeFile(stand.path('app.log'), asText([FIRST, ...HEAD]));
    await stand.linesOnce(1);
    await rename(stand.path('app.log'), stand.path('app.log.1'));
    await writeFile(stand.path('app.log'), asText([...REST, 'INFO next', 'INFO open']));
    expect(await stand.linesOnce(4)).toEqual([FIRST, ...lines, 'INFO next']);
  },
);
