/** What a line is, and how long: unfinished lines, line ends, lines over the limit; and standard input. */
import { appendFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LogFile } from '../../agent/files/log-file.js';
import { agentStand, asText, HOST, numbered } from '../support/agent-stand.js';
import { HeldWriter } from '../support/agent-writers.js';
import { waitFor } from '../support/wait.js';

const MIB = 2 ** 20;

test('an unfinished line waits for its end, over a restart too', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'line 1\nConnection fail');
  const first = await stand.start();
  await stand.linesOnce(1);
  await appendFile(stand.path('app.log'), 'ed\nnext ');
  expect(await stand.linesOnce(2)).toEqual(['line 1', 'Connection failed']);
  await first.stop();
  await stand.start();
  await appendFile(stand.path('app.log'), 'one\n');
  expect(await stand.linesOnce(3)).toEqual(['line 1', 'Connection failed', 'next one']);
});

test('an unfinished line that is taken back and written anew counts as it is in the end', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'line 1\nwrong');
  await stand.start();
  await stand.linesOnce(1);
  await writeFile(stand.path('app.log'), 'line 1\nright\n');
  expect(await stand.linesOnce(2)).toEqual(['line 1', 'right']);
});

test('carriage returns before newlines go, others stay; empty lines are lines; bad bytes become U+FFFD', async () => {
  const stand = await agentStand();
  const bad = Buffer.from([0x61, 0xff, 0x62, 0x0a]);
  await writeFile(
    stand.path('app.log'),
    Buffer.concat([Buffer.from('one\r\n\r\n\ntwo\rthree\r\r\nä€😀\n'), bad]),
  );
  await stand.start();
  expect(await stand.linesOnce(6)).toEqual(['one', '', '', 'two\rthree\r', 'ä€😀', 'a\ufffdb']);
});

test('a line over the limit loses its end, is flagged and counted, and the file goes on', async () => {
  const stand = await agentStand();
  const fits = 'f'.repeat(MIB);
  const text = ['short', fits, `${fits}x`, 'after', 'ä'.repeat(MIB), 'last'];
  await writeFile(stand.path('app.log'), asText(text));
  const agent = await stand.start();
  const lines = await stand.linesOnce(6);
  expect(lines.map((line) => line.length)).toEqual([5, MIB, MIB, 5, MIB / 2, 4]);
  expect(agent.stats().cutLines).toBe(2);
  const page = await stand.reader.read(
    { tenant: 'acme', channel: `${HOST}/app.log` },
    { epoch: '0', entry: '0-0', seq: 1 },
    100 * MIB,
  );
  const cut = page.batches.flatMap((batch) => batch.cut.map((index) => batch.seq + index));
  expect(cut).toEqual([3, 5]);
});

test('a smaller limit cuts lines inside a batch', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), asText(['12345678', '123456789', 'ok', 'ääääX']));
  const agent = await stand.start({ config: { max_line_bytes: 8 } });
  expect(await stand.linesOnce(4)).toEqual(['12345678', '12345678', 'ok', 'ääää']);
  expect(agent.stats().cutLines).toBe(2);
});

test('a line of 100 MB that grows bit by bit costs neither its size in memory nor a new search each time', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), 'first\n');
  await stand.start();
  await stand.linesOnce(1);
  const block = Buffer.alloc(5 * MIB, 0x78);
  const before = process.memoryUsage().arrayBuffers;
  let [peak, readBytes] = [0, 0];
  const { read } = LogFile.prototype;
  const spy = vi.spyOn(LogFile.prototype, 'read').mockImplementation(async function (this: LogFile, ...call) {
    const bytes = await read.apply(this, call);
    readBytes += bytes;
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    return bytes;
  });
  onTestFinished(() => void spy.mockRestore());
  for (let blocks = 1; blocks <= 20; blocks++) {
    await appendFile(stand.path('app.log'), block);
    await waitFor('the block to be searched', () => readBytes >= blocks * block.length);
  }
  await appendFile(stand.path('app.log'), '\nlast\n');
  const lines = await stand.linesOnce(3);
  expect(lines.map((line) => line.length)).toEqual([5, MIB, 4]);
  expect(peak - before).toBeLessThan(32 * MIB);
  // Each byte once, the first ones again when the line is whole, and what is compared.
  expect(readBytes).toBeLessThan(1.5 * 20 * block.length);
});

test('standard input is appended to its end, with its last line unfinished', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput });
  standardInput.write('one\r\ntw');
  expect(await stand.linesOnce(1, 'in')).toEqual(['one']);
  standardInput.end('o\nthree');
  await agent.finished;
  expect(await stand.lines('in')).toEqual(['one', 'two', 'three']);
});

test('standard input is paused while the store does not answer, and loses nothing', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput, writer });
  const last = 1_000_000;
  const feeding = (async () => {
    for (let from = 1; from <= last; from += 10_000) {
      if (!standardInput.write(asText(numbered(from, from + 9_999))))
        await new Promise((resolve) => standardInput.once('drain', resolve));
    }
    standardInput.end();
  })();
  await waitFor('the pipe to be paused', () => standardInput.isPaused());
  expect(writer.held).toBeLessThanOrEqual(4);
  writer.letGo();
  await feeding;
  await agent.finished;
  expect(await stand.lines('in')).toEqual(numbered(1, last));
});

test('a line on standard input that is longer than all that is held is cut, and the input goes on', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput });
  const feeding = (async () => {
    for (let blocks = 0; blocks < 20; blocks++) {
      if (!standardInput.write(Buffer.alloc(MIB, 0x78)))
        await new Promise((resolve) => standardInput.once('drain', resolve));
    }
    standardInput.end('\nlast\n');
  })();
  await feeding;
  await agent.finished;
  expect((await stand.lines('in')).map((line) => line.length)).toEqual([MIB, 4]);
});

test('stop appends what was taken out of the pipe', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const writer = new HeldWriter(stand.writer);
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput, writer });
  standardInput.write(asText(numbered(1, 1_000)));
  await writer.firstAppend;
  const stopped = agent.stop();
  writer.letGo();
  await stopped;
  await agent.finished;
  expect(await stand.lines('in')).toEqual(numbered(1, 1_000));
});
