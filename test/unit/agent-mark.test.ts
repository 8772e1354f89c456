import { expect, test } from 'vitest';
import type { ByteReader } from '../../agent/files/log-file.js';
import {
  beganLike,
  fits,
  isEvidence,
  MarkTrail,
  markedTimeNs,
  markOfUnread,
  strongerMark,
  wasShort,
} from '../../agent/files/mark.js';

class Bytes implements ByteReader {
  readonly #bytes: Buffer;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  async read(target: Buffer, offset: number): Promise<number> {
    return this.#bytes.copy(target, 0, offset);
  }
}

const TEXT = Buffer.from(Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join(''));

async function positionAt(bytes: Buffer, offset: number) {
  const trail = await MarkTrail.at(new Bytes(bytes), offset);
  return { offset, mark: trail?.mark() ?? '' };
}

test('a trail that followed the bytes has the mark of one that begins there', async () => {
  for (const step of [1, 7, 100, 255, 256, 257, 1_000, 1_024, 5_000]) {
    const trail = MarkTrail.of(0, 0, Buffer.alloc(0), Buffer.alloc(0));
    for (let offset = 0; offset < TEXT.length; offset += step) {
      trail.advance(TEXT.subarray(offset, offset + step));
      expect(trail.mark()).toBe((await MarkTrail.at(new Bytes(TEXT), trail.offset))?.mark());
    }
  }
});

test('a file that has grown fits; a shorter one, one with another head or another tail does not', async () => {
  const grown = Buffer.concat([TEXT, Buffer.from('more\n')]);
  for (const offset of [1, 10, 255, 256, 1_000, 1_024, 1_025, 3_000, TEXT.length]) {
    const position = await positionAt(TEXT, offset);
    expect(await fits(new Bytes(grown), position)).toBe(true);
    expect(await fits(new Bytes(TEXT.subarray(0, offset - 1)), position)).toBe(false);
    for (const changed of [0, Math.min(1_023, offset - 1), Math.max(0, offset - 256), offset - 1]) {
      const other = Buffer.from(grown);
      other[changed] = (other[changed] ?? 0) ^ 1;
      expect(await fits(new Bytes(other), position), `${changed} of ${offset}`).toBe(false);
    }
  }
});

test('a source of which nothing was read is known by what was in its file', async () => {
  const unread = { offset: 0, mark: await markOfUnread(new Bytes(TEXT), TEXT.length, 0n) };
  expect(await fits(new Bytes(TEXT), unread)).toBe(true);
  expect(await fits(new Bytes(Buffer.from('another')), unread)).toBe(false);
  expect(isEvidence(unread)).toBe(true);
  const empty = { offset: 0, mark: await markOfUnread(new Bytes(Buffer.alloc(0)), 0, 0n) };
  expect(await fits(new Bytes(TEXT), empty)).toBe(true);
  expect(isEvidence(empty)).toBe(false);
});

test('everything fits the beginning without a mark, and nothing fits another place with a mark that is none', async () => {
  expect(await fits(new Bytes(Buffer.alloc(0)), { offset: 0, mark: '' })).toBe(true);
  expect(await fits(new Bytes(TEXT), { offset: 5, mark: '' })).toBe(false);
  expect(await fits(new Bytes(TEXT), { offset: 5, mark: 'rubbish' })).toBe(false);
});

test('a shorter copy is known by its head, if it is long enough to have one', async () => {
  const position = await positionAt(TEXT, TEXT.length);
  expect(await beganLike(new Bytes(TEXT), 2_000, position)).toBe(true);
  expect(await beganLike(new Bytes(TEXT), 1_000, position)).toBe(false);
  expect(await beganLike(new Bytes(Buffer.alloc(2_000, 0x78)), 2_000, position)).toBe(false);
});

test('a mark carries the time of the file, whether that went on, and stays within what a store keeps', async () => {
  const trail = await MarkTrail.at(new Bytes(TEXT), 3_000);
  const modifiedNs = 1_795_413_600_123_456_789n;
  const mark = trail?.mark({ size: 3_000, modifiedNs }) ?? '';
  expect(markedTimeNs(mark)).toBe(1_795_413_600_123_000_000n);
  expect(markedTimeNs('rubbish')).toBe(0n);
  expect(Buffer.byteLength(mark)).toBeLessThanOrEqual(200);
  expect(wasShort({ offset: 3_000, mark })).toBe(false);
  const short = { offset: 3_000, mark: trail?.mark({ size: 3_001, modifiedNs }) ?? '' };
  expect(wasShort(short)).toBe(true);
  expect(markedTimeNs(short.mark)).toBe(markedTimeNs(mark));
  expect(await fits(new Bytes(TEXT), short)).toBe(true);
});

test('a hole at the beginning is no part of the head: what comes behind it tells files apart', async () => {
  for (const hole of [1, 1_023, 1_024, 5_000, 3 * 2 ** 20]) {
    const first = Buffer.concat([Buffer.alloc(hole), TEXT]);
    const other = Buffer.concat([Buffer.alloc(hole), Buffer.from('another\n'), TEXT]);
    const longer = Buffer.concat([Buffer.alloc(hole + 100), TEXT]);
    const filled = Buffer.concat([Buffer.alloc(hole, 'x'), TEXT]);
    const unread = { offset: 0, mark: await markOfUnread(new Bytes(first), first.length, 0n) };
    for (const position of [unread, await positionAt(first, hole + 3_000)]) {
      expect(await fits(new Bytes(first), position)).toBe(true);
      for (const not of [other, longer, filled]) expect(await fits(new Bytes(not), position)).toBe(false);
      expect(isEvidence(position)).toBe(true);
    }
  }
});

test('a hole with nothing behind it is no evidence, and fits whatever it becomes', async () => {
  const unread = { offset: 0, mark: await markOfUnread(new Bytes(Buffer.alloc(5_000)), 5_000, 0n) };
  expect(isEvidence(unread)).toBe(false);
  expect(await fits(new Bytes(Buffer.concat([Buffer.alloc(6_000), TEXT])), unread)).toBe(true);
});

test('a trail that was led over a hole has the mark of one that begins behind it', async () => {
  for (const before of ['', 'line\n', '\ufeff']) {
    for (const nuls of [1, 255, 1_024, 10_000]) {
      const bytes = Buffer.concat([Buffer.from(before), Buffer.alloc(nuls), TEXT]);
      const trail = MarkTrail.of(0, 0, Buffer.alloc(0), Buffer.alloc(0));
      trail.advance(Buffer.from(before));
      trail.advanceOverNuls(nuls);
      for (let at = before.length; at < TEXT.length; at += 700) {
        expect(trail.mark()).toBe((await MarkTrail.at(new Bytes(bytes), trail.offset))?.mark());
        trail.advance(bytes.subarray(trail.offset, trail.offset + 700));
      }
    }
  }
});

test('a head grows with the file, behind its hole too', async () => {
  const bytes = Buffer.concat([Buffer.alloc(5_000), TEXT]);
  const weak = await markOfUnread(new Bytes(bytes), 5_010, 0n);
  const strong = await strongerMark(new Bytes(bytes), weak, bytes.length, 0n);
  expect(strong).toBe(await markOfUnread(new Bytes(bytes), bytes.length, 0n));
  expect(await strongerMark(new Bytes(TEXT), weak, TEXT.length, 0n)).toBeUndefined();
});
