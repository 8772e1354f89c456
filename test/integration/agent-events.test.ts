/** Events of several lines: put together whatever comes between their lines. */
import { appendFile, copyFile, rename, truncate, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import { type AgentStand, agentStand, asText, type StandAgentOptions } from '../support/agent-stand.js';
import { ForgetfulWriter } from '../support/agent-writers.js';
import { TRACE, WHOLE } from '../support/java-trace.js';

/** By rules alone: no event is over because time went by. */
function patient(stand: AgentStand, rules: Record<string, unknown> = { preset: 'java' }): StandAgentOptions {
  return options(stand, { ...rules, max_wait: '1m' });
}

function options(stand: AgentStand, multiline: unknown): StandAgentOptions {
  return { sources: [{ include: [stand.path('app.log')], multiline }] };
}

/** `count` traces with a line of their own between them, far more than one read. */
function manyTraces(count: number): string[] {
  return Array.from({ length: count }, (_, index) => [`INFO ${index}`, `${WHOLE} ${index}`]).flat();
}

test('an event that lies across the edge of a read comes whole', async () => {
  const stand = await agentStand();
  const events = manyTraces(10_000);
  await writeFile(stand.path('app.log'), `${asText(events)}INFO last\nINFO open\n`);
  await stand.start(patient(stand));
  expect(await stand.linesOnce(events.length + 1)).toEqual([...events, 'INFO last']);
});

test('control: an agent that knows of single lines alone sends each for itself', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), `${WHOLE}\nINFO last\n`);
  await stand.start();
  expect(await stand.linesOnce(TRACE.length + 1)).toEqual([...TRACE, 'INFO last']);
});

test('an event that is written bit by bit comes whole, with a restart at every bit', async () => {
  const stand = await agentStand();
  const bits =
    asText([...TRACE, 'INFO next', ...TRACE, 'INFO last', 'INFO open']).match(/[\s\S]{1,9}/g) ?? [];
  for (const bit of bits) {
    await appendFile(stand.path('app.log'), bit);
    const agent = await stand.start(patient(stand));
    await agent.stop();
  }
  await stand.start(patient(stand));
  expect(await stand.linesOnce(4)).toEqual([WHOLE, 'INFO next', WHOLE, 'INFO last']);
});

test('replies of the store that are lost neither divide an event nor repeat it', async () => {
  const stand = await agentStand();
  let appends = 0;
  const writer = new ForgetfulWriter(
    stand.writer,
    () => ++appends % 3 === 0,
    () => new StoreError('unavailable', 'the reply was lost'),
  );
  await stand.start({ ...patient(stand), writer });
  const events = manyTraces(60);
  const lines = asText(events).split('\n').slice(0, -1);
  for (let at = 0; at < lines.length; at += 7) {
    await appendFile(stand.path('app.log'), asText(lines.slice(at, at + 7)));
  }
  await appendFile(stand.path('app.log'), 'INFO last\nINFO open\n');
  expect(await stand.linesOnce(events.length + 1)).toEqual([...events, 'INFO last']);
});

test('the last event of a file is over when nothing has come for a while, and not before', async () => {
  const stand = await agentStand();
  const agent = await stand.start(options(stand, { preset: 'java', max_wait: '1m' }));
  await writeFile(stand.path('app.log'), asText(['INFO first', ...TRACE]));
  expect(await stand.linesOnce(1)).toEqual(['INFO first']);
  await agent.stop();
  await stand.start(options(stand, { preset: 'java', max_wait: '20ms' }));
  expect(await stand.linesOnce(2)).toEqual(['INFO first', WHOLE]);
  await appendFile(stand.path('app.log'), '\tat too.Late(L.java:1)\n');
  expect(await stand.linesOnce(3)).toEqual(['INFO first', WHOLE, '\tat too.Late(L.java:1)']);
});

test('a line by itself is not waited behind where a preset knows how events begin', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(['INFO first', 'Traceback (most recent call last):']));
  await stand.start(patient(stand, { preset: 'python' }));
  expect(await stand.linesOnce(1)).toEqual(['INFO first']);
});

test('a file that is renamed between two events is read to its end before the next one', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand));
  await writeFile(stand.path('app.log'), asText(['INFO first', ...TRACE]));
  await stand.linesOnce(1);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), 'INFO next\nINFO open\n');
  expect(await stand.linesOnce(3)).toEqual(['INFO first', WHOLE, 'INFO next']);
});

test('the last line of a rotated file belongs to its event, with or without its end', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand));
  await writeFile(stand.path('app.log'), asText(['INFO first', ...TRACE]).trimEnd());
  await stand.linesOnce(1);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeFile(stand.path('app.log'), asText(['INFO next', 'INFO open']));
  expect(await stand.linesOnce(3)).toEqual(['INFO first', WHOLE, 'INFO next']);
});

test('a file that is copied and truncated in the middle of an event loses no line of it', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand));
  await writeFile(stand.path('app.log'), asText(['INFO first, and enough to know the file by', ...TRACE]));
  await stand.linesOnce(1);
  await agent.stop();
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  await truncate(stand.path('app.log'));
  await appendFile(stand.path('app.log'), 'INFO next\nINFO open\n');
  await stand.start(patient(stand));
  expect((await stand.linesOnce(3)).slice(1)).toEqual([WHOLE, 'INFO next']);
});

test('an event on standard input comes whole, and the last one at its end', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const sources = [{ include: ['-'], channel: 'in', multiline: { preset: 'java', max_wait: '1m' } }];
  const agent = await stand.start({ sources, standardInput });
  for (const line of ['INFO first', ...TRACE]) standardInput.write(`${line}\n`);
  expect(await stand.linesOnce(1, 'in')).toEqual(['INFO first']);
  standardInput.end('\tat the.End(E.java:1)');
  await agent.finished;
  expect(await stand.lines('in')).toEqual(['INFO first', `${WHOLE}\n\tat the.End(E.java:1)`]);
});

test('the last event on standard input is over when nothing has come for a while', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const sources = [{ include: ['-'], channel: 'in', multiline: { preset: 'java', max_wait: '20ms' } }];
  await stand.start({ sources, standardInput });
  standardInput.write(asText(TRACE));
  expect(await stand.linesOnce(1, 'in')).toEqual([WHOLE]);
});

test('an event in UTF-16 comes whole', async () => {
  const stand = await agentStand();
  const text = asText(['Fehler: ä', '\tbei a', '\tbei b', 'INFO', 'open']);
  await writeFile(stand.path('app.log'), Buffer.from(`\ufeff${text}`, 'utf16le'));
  await stand.start(patient(stand, { continue: '^\\s' }));
  expect(await stand.linesOnce(2)).toEqual(['Fehler: ä\n\tbei a\n\tbei b', 'INFO']);
});
