/** Lines, characters and line ends that lie across the edge of a read, at every place of it. */
import { expect, test } from 'vitest';
import type { ByteReader } from '../../agent/files/log-file.js';
import { encodeLines } from '../../agent/lines/line-encoder.js';
import type { LineFormat } from '../../agent/lines/line-format.js';
import { READ_BUFFER_BYTES, Tail } from '../../agent/lines/tail.js';
import { encodingOf, UTF_8, UTF_16BE, UTF_16LE } from '../../agent/lines/text-encoding.js';
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import { naiveLines } from '../support/naive-lines.js';

const BUFFER = Buffer.alloc(READ_BUFFER_BYTES);
const FORMAT: LineFormat = { encoding: UTF_8, lineBytesMax: 2 ** 20 };

async function linesOf(bytes: Buffer, format = FORMAT): Promise<{ texts: string[]; cut: boolean[] }> {
  const file: ByteReader = { read: async (target, offset) => bytes.copy(target, 0, offset) };
  const tail = (await Tail.ofFile(file, format, { offset: 0, mark: '' })) ?? expect.unreachable();
  const texts: string[] = [];
  const cut: boolean[] = [];
  for (;;) {
    const read = await tail.read(bytes.length, BUFFER);
    if (read.kind === 'end') return { texts, cut };
    if (read.kind !== 'lines') return expect.unreachable();
    const encoded = encodeLines(read.bytes, read.encoding, format.lineBytesMax, Buffer.alloc(0));
    const found = JSON.parse(encoded.json.toString()) as string[];
    texts.push(...found);
    cut.push(...found.map((_, index) => encoded.cut.includes(index)));
  }
}

test('characters of one to four bytes and CRLF arrive whole at every place of the edge of a read', async () => {
  const [shortLine, longLine] = [BATCH_RAW_BYTES_MAX - 40_000, BATCH_RAW_BYTES_MAX];
  for (const pad of Array.from({ length: 24 }, (_, index) => index)) {
    for (const character of ['a', 'ä', '€', '😀', '\r\n']) {
      for (const start of [shortLine, longLine]) {
        const edge = 'x'.repeat(start - 16 + pad) + character + character + character;
        const lead = start === shortLine ? `${'y'.repeat(39_999)}\n` : '';
        const bytes = Buffer.from(`${lead}${edge}\r\nnext\r\n`);
        const { texts } = await linesOf(bytes);
        const expected = bytes
          .toString()
          .split('\r\n')
          .slice(0, -1)
          .flatMap((line) => line.split('\n'));
        expect(texts.map(digest), `${pad} ${character}`).toEqual(expected.map(digest));
      }
    }
  }
});

test('the same in UTF-16, where half a line end or half a character may be all that was read', async () => {
  for (const encoding of [UTF_16LE, UTF_16BE]) {
    for (const pad of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const character of ['a', '語', '😀', '\r\n', '\u0a00', '\u000a\u0d00']) {
        const text = `${'x'.repeat(BATCH_RAW_BYTES_MAX / 2 - 4 + pad)}${character.repeat(3)}\r\nnext\n`;
        const bytes = Buffer.from(text, 'utf16le');
        if (encoding === UTF_16BE) bytes.swap16();
        const { texts } = await linesOf(bytes, { ...FORMAT, encoding });
        const expected = text
          .split('\n')
          .slice(0, -1)
          .map((line) => line.replace(/\r$/, ''));
        expect(texts.map(digest), `${encoding.name} ${pad} ${character}`).toEqual(expected.map(digest));
      }
    }
  }
});

test('reading each chunk by itself, as a control, breaks characters and line ends at the edge', () => {
  const bytes = Buffer.from(`${'x'.repeat(BATCH_RAW_BYTES_MAX - 2)}😀\r\n`);
  const chunks = [bytes.subarray(0, BATCH_RAW_BYTES_MAX), bytes.subarray(BATCH_RAW_BYTES_MAX)];
  expect(chunks.map((chunk) => chunk.toString()).join('')).toContain('\ufffd');
});

test('a line over the limit is cut between characters in every encoding, and flagged', async () => {
  const cases: readonly [string, Buffer, string][] = [
    ['utf-16le', Buffer.from('😀😀😀\n', 'utf16le'), '😀'],
    ['utf-16be', Buffer.from('語語😀語\n', 'utf16le').swap16(), '語語'],
    ['shift_jis', Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x95, 0x78, 0x0a]), '日本語'],
    ['gb18030', Buffer.from([0x81, 0x30, 0x81, 0x30, 0x81, 0x30, 0x81, 0x31, 0x0a]), '\u0080'],
    ['euc-jp', Buffer.from([0xc6, 0xfc, 0xcb, 0xdc, 0xb8, 0xec, 0xc9, 0xfa, 0x0a]), '日本語'],
    ['windows-1252', Buffer.from('\x80\x93\x99\xe4\xf6\xfc\xdfX\n', 'latin1'), '€“™äöüß'],
  ];
  const limits: Readonly<Record<string, number>> = { 'utf-16be': 7, 'utf-16le': 6 };
  for (const [name, bytes, expected] of cases) {
    const encoding = encodingOf(name) ?? expect.unreachable();
    const lineBytesMax = limits[name] ?? 7;
    expect(await linesOf(bytes, { encoding, lineBytesMax }), name).toEqual({
      texts: [expected],
      cut: [true],
    });
  }
});

test('a long line of every encoding is cut at the limit with the memory of the limit', async () => {
  for (const name of ['utf-16le', 'shift_jis', 'gb18030', 'koi8-r', 'utf-8']) {
    const bytes = Buffer.concat([
      Buffer.alloc(3 * 2 ** 20, name === 'utf-16le' ? 'ab' : 'a'),
      Buffer.from('\n\0\n\0'),
    ]);
    const encoding = encodingOf(name) ?? expect.unreachable();
    const { texts, cut } = await linesOf(bytes, { encoding, lineBytesMax: 2 ** 20 });
    const [expected] = naiveLines(bytes, name, 2 ** 20, false);
    expect(texts[0], name).toBe(expected?.text);
    expect(cut[0]).toBe(true);
  }
});

test('the byte of a newline is no part of a character in any encoding, and ends what is broken before it', () => {
  const labels = [
    ...['utf-8', 'ibm866', 'iso-8859-2', 'iso-8859-15', 'koi8-r', 'koi8-u', 'macintosh', 'windows-874'],
    ...['windows-1251', 'windows-1252', 'x-mac-cyrillic', 'gbk', 'gb18030', 'big5', 'euc-jp', 'iso-2022-jp'],
    ...['shift_jis', 'euc-kr'],
  ];
  for (const label of labels) {
    const decoder = new TextDecoder(label);
    for (let lead = 0; lead < 256; lead++) {
      for (const trail of [undefined, 0x24, 0x30, 0x42, 0x81, 0xa1, 0xfe]) {
        if (lead === 0x0a) continue;
        const before = trail === undefined ? [lead] : [lead, trail];
        const text = decoder.decode(Buffer.from([...before, 0x0a, 0x41]));
        expect(text.split('\n').length, `${label} ${before}`).toBe(2);
        expect(text.endsWith('\nA'), `${label} ${before}`).toBe(true);
      }
    }
  }
});

test('windows-1252 is decoded by its own table, which some releases of Node do not do', () => {
  const all = Buffer.from(Array.from({ length: 32 }, (_, index) => 0x80 + index));
  const text = encodingOf('latin1')?.decode(all, all.length);
  expect(text).toBe('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ');
});

test('a label that no decoder knows means no encoding', () => {
  expect(encodingOf('utf-33')).toBeUndefined();
  expect(encodingOf(' UTF8 ')).toBe(UTF_8);
  expect(encodingOf('ucs-2')).toBe(UTF_16LE);
  expect(encodingOf('Shift-JIS')).toBe(encodingOf('sjis'));
});

function digest(line: string): string {
  return `${line.length} ${line.replace(/^[xy]+/, '')}`;
}
