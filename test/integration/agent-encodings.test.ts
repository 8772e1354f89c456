/** Files that are not UTF-8: by their byte order mark, or by what the configuration says. */
import { appendFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import { type AgentStand, agentStand, HOST } from '../support/agent-stand.js';
import { ForgetfulWriter } from '../support/agent-writers.js';

const LITTLE_MARK = Buffer.from([0xff, 0xfe]);
const BIG_MARK = Buffer.from([0xfe, 0xff]);
const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const TEXT = ['first ä€😀', '', 'second\ttab "quoted"', '語 ਊ \u0d0a'];

function little(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf16le');
}

function big(lines: readonly string[]): Buffer {
  return little(lines).swap16();
}

async function linesOf(stand: AgentStand, content: Buffer, encoding?: string): Promise<string[]> {
  await writeFile(stand.path('app.log'), content);
  await stand.start({ sources: [{ include: [stand.path('*.log')], ...(encoding && { encoding }) }] });
  return stand.linesOnce(TEXT.length);
}

test('UTF-16 with a byte order mark is read as what the mark says, whatever the configuration says', async () => {
  expect(await linesOf(await agentStand(), Buffer.concat([LITTLE_MARK, little(TEXT)]))).toEqual(TEXT);
  expect(await linesOf(await agentStand(), Buffer.concat([BIG_MARK, big(TEXT)]), 'utf-16le')).toEqual(TEXT);
  expect(await linesOf(await agentStand(), Buffer.concat([LITTLE_MARK, little(TEXT)]), 'koi8-r')).toEqual(
    TEXT,
  );
});

test('UTF-16 without a mark is read by configuration; without that, as a control, it is not those lines', async () => {
  expect(await linesOf(await agentStand(), little(TEXT), 'utf-16le')).toEqual(TEXT);
  expect(await linesOf(await agentStand(), big(TEXT), 'UTF-16BE')).toEqual(TEXT);
  expect(await linesOf(await agentStand(), little(TEXT))).not.toEqual(TEXT);
});

test('the mark of UTF-8 is no part of the first line', async () => {
  const text = Buffer.from(TEXT.map((line) => `${line}\n`).join(''));
  expect(await linesOf(await agentStand(), Buffer.concat([UTF_8_MARK, text]), 'windows-1252')).toEqual(TEXT);
});

test('every encoding that the configuration may name is decoded', async () => {
  const cases: readonly (readonly [string, readonly number[], string])[] = [
    ['windows-1252', [0x80, 0x93, 0xe4, 0x94], '€“ä”'],
    ['iso-8859-15', [0xa4, 0xe4], '€ä'],
    ['koi8-r', [0xf0, 0xd2, 0xc9], 'При'],
    ['shift_jis', [0x93, 0xfa, 0x96, 0x7b, 0x5c], '日本\\'],
    ['euc-jp', [0xc6, 0xfc, 0xcb, 0xdc], '日本'],
    ['iso-2022-jp', [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42, 0x61], '日a'],
    ['gb18030', [0xd6, 0xd0, 0x81, 0x30, 0x81, 0x30], '中\u0080'],
    ['big5', [0xa4, 0xa4], '中'],
    ['euc-kr', [0xc7, 0xd1], '한'],
  ];
  for (const [encoding, bytes, expected] of cases) {
    const line = Buffer.from([...bytes, 0x0d, 0x0a]);
    const lines = await linesOf(await agentStand(), Buffer.concat([line, line, line, line]), encoding);
    expect(lines, encoding).toEqual(Array.from({ length: 4 }, () => expected));
  }
});

test('a file that is read on in its middle, after a restart, is still known by its mark', async () => {
  const stand = await agentStand();
  const write = (lines: readonly string[]) => appendFile(stand.path('app.log'), little(lines));
  await writeFile(stand.path('app.log'), LITTLE_MARK);
  await write(TEXT);
  const first = await stand.start();
  await stand.linesOnce(4);
  await appendFile(stand.path('app.log'), Buffer.from('unfin', 'utf16le'));
  await first.stop();
  await appendFile(stand.path('app.log'), little(['ished']).subarray(0, 3));
  const second = await stand.start();
  await appendFile(stand.path('app.log'), little(['ished']).subarray(3));
  expect((await stand.linesOnce(5)).at(-1)).toBe('unfinished');
  await second.stop();
  await write(['last']);
  await stand.start();
  expect((await stand.linesOnce(6)).slice(4)).toEqual(['unfinished', 'last']);
});

test('a file that grows byte by byte, mark included, is not judged before it can be', async () => {
  const marked: readonly Buffer[] = [
    Buffer.concat([LITTLE_MARK, little(['one', 'two'])]),
    Buffer.concat([BIG_MARK, big(['one', 'two'])]),
    Buffer.concat([UTF_8_MARK, Buffer.from('one\ntwo\n')]),
    Buffer.from('one\r\ntwo\r\n'),
  ];
  for (const content of marked) {
    const stand = await agentStand();
    await writeFile(stand.path('app.log'), '');
    await stand.start();
    await appendFile(stand.path('clock.log'), '0\n');
    await stand.linesOnce(1, `${HOST}/clock.log`);
    for (let size = 1; size <= content.length; size++) {
      await appendFile(stand.path('app.log'), content.subarray(size - 1, size));
      // Its line shows that the agent has looked around since.
      await appendFile(stand.path('clock.log'), `${size}\n`);
      await stand.linesOnce(size + 1, `${HOST}/clock.log`);
    }
    expect(await stand.linesOnce(2)).toEqual(['one', 'two']);
  }
});

test('what begins like a mark and goes on otherwise is text', async () => {
  const stand = await agentStand();
  await writeFile(stand.path('app.log'), Buffer.from([0xff]));
  await stand.start({ sources: [{ include: [stand.path('*.log')], encoding: 'iso-8859-15' }] });
  await appendFile(stand.path('app.log'), Buffer.from([0xe4, 0x0a]));
  expect(await stand.linesOnce(1)).toEqual(['ÿä']);
});

test('the end of a UTF-16 file that was there before is found at whole characters', async () => {
  const stand = await agentStand();
  // Behind the newline its two bytes lie across two characters.
  const before = Buffer.concat([LITTLE_MARK, little(['old']), Buffer.from('a\n\u0a00\u0100b', 'utf16le')]);
  await writeFile(stand.path('app.log'), before);
  await stand.start({ sources: [{ include: [stand.path('*.log')], read_from: 'end' }] });
  await appendFile(stand.path('app.log'), little(['', 'new']));
  expect(await stand.linesOnce(2)).toEqual(['\u0a00\u0100b', 'new']);
});

test('a pipe is known by its mark too, also where it is taken up again in its middle', async () => {
  const stand = await agentStand();
  const standardInput = new PassThrough();
  const lost = () => new StoreError('unavailable', 'a reply was lost');
  const writer = new ForgetfulWriter(stand.writer, () => true, lost);
  const agent = await stand.start({ sources: [{ include: ['-'], channel: 'in' }], standardInput, writer });
  standardInput.write(LITTLE_MARK.subarray(0, 1));
  standardInput.write(Buffer.concat([LITTLE_MARK.subarray(1), little(['one', 'two'])]).subarray(0, 8));
  standardInput.write(Buffer.concat([LITTLE_MARK.subarray(1), little(['one', 'two'])]).subarray(8));
  await stand.linesOnce(2, 'in');
  standardInput.end(little(['three']));
  await agent.finished;
  expect(await stand.lines('in')).toEqual(['one', 'two', 'three']);
});

test('lines over the limit are cut in UTF-16 as in UTF-8, and the file goes on', async () => {
  const stand = await agentStand();
  const long = 'x'.repeat(2 ** 19);
  await writeFile(stand.path('app.log'), Buffer.concat([LITTLE_MARK, little([long, `${long}y`, 'after'])]));
  const agent = await stand.start();
  expect((await stand.linesOnce(3)).map((line) => line.length)).toEqual([2 ** 19, 2 ** 19, 5]);
  expect(agent.stats().cutLines).toBe(1);
});
