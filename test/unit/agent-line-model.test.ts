/**
 * Random bytes in every encoding, appended in random pieces and read by tails that are killed at random, give
 * the lines that a naive reader makes of the whole file.
 */
import { expect, test } from 'vitest';
import type { ByteReader } from '../../agent/files/log-file.js';
import { HOLE_BYTES_MIN } from '../../agent/files/nuls.js';
import { BEFORE_BYTES_MAX } from '../../agent/lines/footing.js';
import { encodeLines } from '../../agent/lines/line-encoder.js';
import { Tail } from '../../agent/lines/tail.js';
import { encodingOf } from '../../agent/lines/text-encoding.js';
import { type NaiveLine, naiveLines } from '../support/naive-lines.js';

const ENCODINGS = [
  ...['utf-8', 'utf-16le', 'utf-16be', 'windows-1251', 'iso-8859-15', 'koi8-r', 'shift_jis', 'euc-jp'],
  ...['iso-2022-jp', 'gbk', 'gb18030', 'big5', 'euc-kr'],
];

const MARKS = [[], [], [0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff], [0xef, 0xbb], [0xff]];

const ROUNDS = Number(process.env['TAILRACE_ROUNDS'] ?? 150);

class Growing implements ByteReader {
  bytes: Buffer = Buffer.alloc(0);
  async read(target: Buffer, offset: number): Promise<number> {
    return offset < this.bytes.length ? this.bytes.copy(target, 0, offset) : 0;
  }
}

test('random bytes in random pieces, with restarts in between, give what a naive reader of the whole makes of them', async () => {
  const seed = Number(process.env['TAILRACE_SEED'] ?? Date.now());
  for (let round = 0; round < ROUNDS; round++) {
    const random = randomFrom(seed + round * 7_919);
    const encoding = ENCODINGS[round % ENCODINGS.length] as string;
    try {
      await expectAsNaive(random, encoding);
    } catch (error) {
      throw new Error(`TAILRACE_SEED=${seed}, round ${round}, ${encoding}`, { cause: error });
    }
  }
});

test('the same pieces decoded one by one, as a reader without care would do it, give something else', () => {
  const differences = ENCODINGS.filter((name, index) => {
    const random = randomFrom(index);
    return Array.from({ length: 20 }, () => randomFile(random, name)).some((whole) => {
      const decoder = new TextDecoder(name);
      const lines: string[] = [];
      for (let at = 0; at < whole.length; at += 1_000)
        lines.push(...decoder.decode(whole.subarray(at, at + 1_000)).split(/\r?\n/));
      const expected = naiveLines(whole, name, 2 ** 20, true).map(({ text }) => text);
      return JSON.stringify(lines) !== JSON.stringify(expected);
    });
  });
  expect(differences).toEqual(ENCODINGS);
});

async function expectAsNaive(random: () => number, name: string): Promise<void> {
  const whole = randomFile(random, name);
  const limit = random() < 0.5 ? 2 ** 20 : 1 + Math.floor(random() * 60);
  const isOver = random() < 0.5;
  const format = { encoding: encodingOf(name) ?? expect.unreachable(), lineBytesMax: limit };
  const buffer = Buffer.alloc(BEFORE_BYTES_MAX + 2 * (2 + Math.floor(random() ** 2 * 6_000)));
  const file = new Growing();
  const lines: NaiveLine[] = [];
  let position = { offset: 0, mark: '' };
  let tail: Tail | undefined;
  const take = async (read: Awaited<ReturnType<Tail['read']>>): Promise<boolean> => {
    if (read.kind === 'diverged') throw new Error('diverged');
    if (read.kind !== 'lines') return read.kind === 'more';
    expect(read.from).toBe(position.offset);
    const { json, cut } = encodeLines(read.bytes, read.encoding, limit, Buffer.alloc(0));
    const texts = JSON.parse(json.toString()) as string[];
    lines.push(...texts.map((text, index) => ({ text, isCut: cut.includes(index) })));
    position = (tail as Tail).position({ size: 0, modifiedNs: 0n });
    expect(position.offset).toBe(read.to);
    // Killed: what was read is stored, and all that the reader knew is gone.
    if (random() < 0.2) tail = undefined;
    return true;
  };
  while (file.bytes.length < whole.length) {
    file.bytes = whole.subarray(0, file.bytes.length + 1 + Math.floor(random() ** 3 * whole.length));
    do tail ??= (await Tail.ofFile(file, format, position)) ?? expect.unreachable();
    while (await take(await tail.read(file.bytes.length, buffer)));
  }
  if (isOver && tail !== undefined) await take(await tail.readRest());
  expect(lines).toEqual(naiveLines(whole, name, limit, isOver));
}

/** Pieces of text and rubbish; a newline as often as not where a line may end. */
function randomFile(random: () => number, name: string): Buffer {
  const mark = MARKS[Math.floor(random() * MARKS.length)] ?? [];
  const isUtf16 = name.startsWith('utf-16') || mark.length === 2;
  const parts: Buffer[] = [Buffer.from(mark)];
  const count = Math.floor(random() * 60);
  for (let index = 0; index < count; index++) {
    const kind = random();
    if (kind < 0.45) parts.push(text(random, name, mark));
    else if (kind < 0.75) parts.push(encoded(random() < 0.3 ? '\r\n' : '\n', name, mark));
    else if (kind < 0.85) parts.push(Buffer.alloc(units(random() ** 4 * 3 * HOLE_BYTES_MIN, isUtf16)));
    else parts.push(rubbish(random, units(random() * 12, isUtf16)));
  }
  return Buffer.concat(parts);
}

function text(random: () => number, name: string, mark: readonly number[]): Buffer {
  const words = ['a', 'line ', 'ä', '€', '😀', '"', '\\', '\t', '\r', '語', '\u2028', 'x'.repeat(200)];
  const chosen = Array.from(
    { length: 1 + Math.floor(random() * 8) },
    () => words[Math.floor(random() * words.length)],
  );
  return encoded(chosen.join(''), name, mark);
}

/** In UTF-16 where that is what will be read; else UTF-8, which is rubbish to the others and welcome as such. */
function encoded(characters: string, name: string, mark: readonly number[]): Buffer {
  const isLittle = mark.length === 2 && mark[0] === 0xff;
  const isBig = mark.length === 2 && mark[0] === 0xfe;
  if (mark.length === 3 || !(isLittle || isBig || name.startsWith('utf-16'))) return Buffer.from(characters);
  const bytes = Buffer.from(characters, 'utf16le');
  return isBig || (!isLittle && name === 'utf-16be') ? bytes.swap16() : bytes;
}

/** Bytes that mean different things in every encoding. */
function rubbish(random: () => number, length: number): Buffer {
  return Buffer.from(
    Array.from({ length }, () => Math.floor(random() * 256)).map((byte) => (byte === 0xee ? 0 : byte)),
  );
}

function units(length: number, isUtf16: boolean): number {
  const whole = Math.floor(length);
  return isUtf16 ? whole - (whole % 2) : whole;
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
