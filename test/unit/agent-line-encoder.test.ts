import { expect, test } from 'vitest';
import { encodeLines, workspaceBytes } from '../../agent/lines/line-encoder.js';
import { characterBoundary, UTF_8 } from '../../agent/lines/text-encoding.js';

const WORKSPACE = Buffer.alloc(workspaceBytes(64 * 1024));
const LIMIT = 1024;

/** What the encoder promises, said the short way. */
function reference(bytes: Buffer, limit: number): { texts: string[]; cut: number[] } {
  const cut: number[] = [];
  const lines = bytes.toString('latin1').split('\n');
  const isWhole = lines.at(-1) === '';
  if (isWhole) lines.pop();
  const texts = lines.map((latin1, index) => {
    const hasNewline = isWhole || index < lines.length - 1;
    const line = Buffer.from((hasNewline ? latin1.replace(/\r$/, '') : latin1).replace(/^\0+/, ''), 'latin1');
    if (line.length > limit) cut.push(index);
    return line.subarray(0, characterBoundary(line, limit)).toString('utf8');
  });
  return { texts, cut };
}

function expectAsReference(bytes: Buffer, limit = LIMIT): void {
  const { json, lines, cut } = encodeLines(bytes, UTF_8, limit, WORKSPACE);
  const expected = reference(bytes, limit);
  expect(json.toString()).toBe(JSON.stringify(expected.texts));
  expect(lines).toBe(expected.texts.length);
  expect(cut).toEqual(expected.cut);
}

test('the result is what JSON.stringify gives, for every byte value', () => {
  for (let byte = 0; byte < 256; byte++) expectAsReference(Buffer.from([0x61, byte, 0x62, 0x0a]));
});

test('line ends, empty lines, a last line without an end', () => {
  for (const text of [
    '\n',
    '\r\n',
    '\n\n',
    'a\r\nb\n',
    'a\r\r\nb',
    'a\r',
    '\r',
    'a',
    '\r\n\r\n',
    'a\\\r\n',
    '\\r\n',
  ])
    expectAsReference(Buffer.from(text));
});

test('characters of two, three and four bytes, at every place of the limit', () => {
  const line = Buffer.from('ä€😀"\\\u0001ä€😀\n');
  for (let limit = 1; limit <= line.length; limit++) expectAsReference(line, limit);
});

test('random bytes and random text, with random limits', () => {
  const seed = Number(process.env['TAILRACE_SEED'] ?? Date.now());
  const random = randomFrom(seed);
  const pieces = [
    'a',
    'line',
    '\n',
    '\r\n',
    '\r',
    'ä',
    '€',
    '😀',
    '"',
    '\\',
    '\t',
    '\u0000',
    '\u2028',
    '\x7f',
  ];
  for (let round = 0; round < 2_000; round++) {
    const isText = random() < 0.7;
    const parts = Array.from({ length: 1 + Math.floor(random() * 60) }, () =>
      isText
        ? Buffer.from(pieces[Math.floor(random() * pieces.length)] ?? '')
        : Buffer.from([random() < 0.1 ? 0x0a : Math.floor(random() * 256)]),
    );
    const limit = 1 + Math.floor(random() * 30);
    try {
      expectAsReference(Buffer.concat(parts), limit);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
});

test('lines that need more room than the workspace has get a buffer of their own', () => {
  const bytes = Buffer.from(`${'\u0001'.repeat(100)}\n`);
  const { json } = encodeLines(bytes, UTF_8, LIMIT, Buffer.alloc(10));
  expect(JSON.parse(json.toString())).toEqual(['\u0001'.repeat(100)]);
});

test('a boundary never lies inside a character, and never far from the limit', () => {
  expect(characterBoundary(Buffer.from('a😀b'), 3)).toBe(1);
  expect(characterBoundary(Buffer.from('a😀b'), 5)).toBe(5);
  expect(characterBoundary(Buffer.from('ab'), 5)).toBe(2);
  expect(characterBoundary(Buffer.alloc(10, 0x80), 6)).toBe(6);
});

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
