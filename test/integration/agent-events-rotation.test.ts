/** An event whose writer was rotated in the middle of it: its first lines end one file, the others begin the next. */
import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, rename, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { AppendOutcome, OutgoingBatch } from '../../shared/store/log-store.js';
import { type AgentStand, agentStand, asText, type StandAgentOptions } from '../support/agent-stand.js';
import { ForgetfulWriter, WriterAround } from '../support/agent-writers.js';
import { announcedRandom } from '../support/fault-random.js';
import { TRACE, WHOLE } from '../support/java-trace.js';
import { waitFor } from '../support/wait.js';

const ROUNDS = Number(process.env['TAILRACE_ROUNDS'] ?? 3);
const FIRST = 'INFO first, long enough to know the file by';

/** By rules alone: no event is over because time went by. */
function patient(stand: AgentStand, maxWait = '1m'): StandAgentOptions {
  const multiline = { preset: 'java', max_wait: maxWait };
  return { sources: [{ include: [stand.path('app.log')], multiline }] };
}

/** Before each event of two files is taken, another agent has brought it. */
class OvertakenWriter extends WriterAround {
  override async append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    if (batch.also !== undefined) await super.append(id, batch, mark);
    return super.append(id, batch, mark);
  }
}

/** As far as the rotation: the agent has read the first line and waits with the two behind it. */
async function rotatedInTheMiddle(stand: AgentStand): Promise<void> {
  await writeFile(stand.path('app.log'), asText([FIRST, ...TRACE.slice(0, 2)]));
  await stand.linesOnce(1);
  await rename(stand.path('app.log'), stand.path('app.log.1'));
}

async function writeRest(stand: AgentStand): Promise<void> {
  await writeFile(stand.path('app.log'), asText([...TRACE.slice(2), 'INFO next', 'INFO open']));
}

test('comes whole and once where the file is renamed', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await writeRest(stand);
  expect(await stand.linesOnce(3)).toEqual([FIRST, WHOLE, 'INFO next']);
  await agent.stop();
  await stand.start(patient(stand));
  await appendFile(stand.path('app.log'), 'INFO last\n');
  expect(await stand.linesOnce(4)).toEqual([FIRST, WHOLE, 'INFO next', 'INFO open']);
  expect(agent.stats()).toMatchObject({ lines: 3, lostBytes: 0 });
});

/** The store moves the older file alone, as if it could not do both in one step. */
class HalfWriter extends WriterAround {
  override append(
    id: ChannelId,
    { also: _also, ...batch }: OutgoingBatch,
    mark: string,
  ): Promise<AppendOutcome> {
    return super.append(id, batch, mark);
  }
}

test('control: where the two files do not move in one step, lines of it come again', async () => {
  const stand = await agentStand();
  await stand.start({ ...patient(stand), writer: new HalfWriter(stand.writer) });
  await rotatedInTheMiddle(stand);
  await writeRest(stand);
  const lines = await stand.linesOnce(4);
  expect(lines).toEqual([FIRST, WHOLE, TRACE.slice(2).join('\n'), 'INFO next']);
});

test('comes whole and once where the file is copied and truncated', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand));
  const long = `${FIRST} ${'x'.repeat(2_000)}`;
  await writeFile(stand.path('app.log'), asText([long, ...TRACE.slice(0, 2)]));
  await stand.linesOnce(1);
  await agent.stop();
  await copyFile(stand.path('app.log'), stand.path('app.log.1'));
  await truncate(stand.path('app.log'));
  await appendFile(stand.path('app.log'), asText([...TRACE.slice(2), 'INFO next', 'INFO open']));
  await stand.start(patient(stand));
  expect(await stand.linesOnce(3)).toEqual([long, WHOLE, 'INFO next']);
});

test('comes whole and once where the agent was down during the rotation', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await agent.stop();
  await writeRest(stand);
  await stand.start(patient(stand));
  expect(await stand.linesOnce(3)).toEqual([FIRST, WHOLE, 'INFO next']);
});

test('comes whole and once where the older file was packed meanwhile', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await agent.stop();
  execFileSync('gzip', [stand.path('app.log.1')]);
  await writeRest(stand);
  await stand.start(patient(stand));
  expect(await stand.linesOnce(3)).toEqual([FIRST, WHOLE, 'INFO next']);
});

test('comes whole and once where every second reply of the store is lost', async () => {
  const stand = await agentStand();
  let appends = 0;
  const isLost = () => ++appends % 2 === 0;
  const error = () => new StoreError('unavailable', 'the reply was lost');
  await stand.start({ ...patient(stand), writer: new ForgetfulWriter(stand.writer, isLost, error) });
  await rotatedInTheMiddle(stand);
  await writeRest(stand);
  expect(await stand.linesOnce(3)).toEqual([FIRST, WHOLE, 'INFO next']);
  expect(appends).toBeGreaterThan(2);
});

test('comes whole and once where two agents read the file', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand));
  await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await writeRest(stand);
  await appendFile(stand.path('app.log'), 'INFO last\n');
  expect(await stand.linesOnce(4)).toEqual([FIRST, WHOLE, 'INFO next', 'INFO open']);
});

test('counts as a batch that failed where another agent was faster with it', async () => {
  const stand = await agentStand();
  const agent = await stand.start({ ...patient(stand), writer: new OvertakenWriter(stand.writer) });
  await rotatedInTheMiddle(stand);
  await writeRest(stand);
  expect(await stand.linesOnce(3)).toEqual([FIRST, WHOLE, 'INFO next']);
  await agent.stop();
  const { readBatches, batches, failedBatches, conflicts } = agent.stats();
  expect({ batches, failedBatches, conflicts }).toEqual({ batches: 2, failedBatches: 1, conflicts: 1 });
  expect(readBatches).toBe(batches + failedBatches);
});

test('is waited for while its lines come one by one, and is over when none has come for a while', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand, '300ms'));
  await rotatedInTheMiddle(stand);
  for (const line of TRACE.slice(2)) await appendFile(stand.path('app.log'), `${line}\n`);
  expect(await stand.linesOnce(2)).toEqual([FIRST, WHOLE]);
});

test('is not over because reading what came before it took longer than an event waits', async () => {
  const stand = await agentStand();
  const agent = await stand.start(patient(stand, '1ms'));
  await writeFile(stand.path('app.log'), `${FIRST}\n`);
  await stand.linesOnce(1);
  await agent.stop();
  // More than one turn of a lineage.
  const many = Array.from({ length: 20_000 }, (_, index) => `INFO ${index} ${'x'.repeat(1_000)}`);
  await appendFile(stand.path('app.log'), asText([...many, ...TRACE.slice(0, 2)]));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
  await writeRest(stand);
  const late = await stand.start(patient(stand, '1ms'));
  await waitFor('all lines', () => late.stats().lines >= many.length + 3);
  expect((await stand.lines()).slice(-3)).toEqual([WHOLE, 'INFO next', 'INFO open']);
});

test('is over with its file where the next one begins with an event of its own', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await writeFile(stand.path('app.log'), asText(['INFO next', 'INFO open']));
  expect(await stand.linesOnce(3)).toEqual([FIRST, TRACE.slice(0, 2).join('\n'), 'INFO next']);
});

test('is divided where it lies in three files, and no line of it is lost', async () => {
  const stand = await agentStand();
  await stand.start(patient(stand));
  await rotatedInTheMiddle(stand);
  await writeFile(stand.path('app.log'), asText(TRACE.slice(2, 3)));
  await shift(stand, 2);
  await writeFile(stand.path('app.log'), asText([...TRACE.slice(3), 'INFO next', 'INFO open']));
  const lines = await stand.linesOnce(4);
  expect(lines.join('\n')).toBe([FIRST, WHOLE, 'INFO next'].join('\n'));
});

test('comes whole and once wherever the file is rotated and the agent starts anew', async () => {
  const random = announcedRandom('events and rotations');
  for (let round = 0; round < ROUNDS; round++) {
    const stand = await agentStand();
    const events = Array.from({ length: 60 }, (_, index) =>
      random.next() < 0.5 ? `INFO ${index}` : `${TRACE.slice(0, random.between(2, 5)).join('\n')} ${index}`,
    );
    let agent = await stand.start(patient(stand));
    await writeFile(stand.path('app.log'), `${FIRST}\n`);
    await appendFile(stand.path('app.log'), 'INFO second\n');
    await stand.linesOnce(1);
    let rotations = 0;
    let linesSince = 0;
    for (const line of asText(events).match(/.*\n/g) ?? []) {
      await appendFile(stand.path('app.log'), line);
      // No event lies in three files.
      if (++linesSince > TRACE.length && rotations < 15 && random.next() < 0.3) {
        await shift(stand, ++rotations);
        linesSince = 0;
      }
      if (random.next() < 0.1) {
        await agent.stop();
        agent = await stand.start(patient(stand));
      }
    }
    await appendFile(stand.path('app.log'), 'INFO last\nINFO open\n');
    const expected = [FIRST, 'INFO second', ...events, 'INFO last'];
    expect(await stand.linesOnce(expected.length)).toEqual(expected);
    await agent.stop();
  }
});

/** `app.log` becomes `app.log.1`, that becomes `app.log.2`, and so on; the writer begins a new file. */
async function shift(stand: AgentStand, files: number): Promise<void> {
  for (let index = files; index > 1; index--)
    await rename(stand.path(`app.log.${index - 1}`), stand.path(`app.log.${index}`));
  await rename(stand.path('app.log'), stand.path('app.log.1'));
}
