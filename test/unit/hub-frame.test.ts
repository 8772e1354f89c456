import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Frame } from '../../hub/frame.js';
import { splicedMessage, textMessage } from '../../hub/websocket-frame.js';
import { linesHeader } from '../../shared/protocol/messages.js';
import type { SourceDescription, StoredBatch } from '../../shared/store/log-store.js';
import { encodePayload } from '../../shared/store/payload.js';

const DESCRIPTION: SourceDescription = {
  host: 'h1',
  path: '/var/log/"quoted" ü',
  device: '1',
  inode: '2',
  generation: 1,
  labels: { env: 'prod' },
};
const ORIGIN = { channel: 'web/access', epoch: 'e1', before: '5-0' };

/** What a client makes of a message: RFC 6455 framing, and RFC 7692 where RSV1 is set. */
function decode(message: Buffer): { text: string; isDeflated: boolean } {
  const isDeflated = (message.readUInt8(0) & 0x40) !== 0;
  expect(message.readUInt8(0) & ~0x40).toBe(0x81);
  const short = message.readUInt8(1);
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length =
    short < 126 ? short : short === 126 ? message.readUInt16BE(2) : Number(message.readBigUInt64BE(2));
  const body = message.subarray(start);
  expect(body.length).toBe(length);
  if (!isDeflated) return { text: body.toString('utf8'), isDeflated };
  const whole = Buffer.concat([body, Buffer.from([0x00, 0x00, 0xff, 0xff])]);
  return {
    text: inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8'),
    isDeflated,
  };
}

async function frameOf(lines: readonly string[], more: Partial<StoredBatch> = {}, description = DESCRIPTION) {
  const encoded = await encodePayload(Buffer.from(JSON.stringify(lines)));
  const batch = { source: 's1', from: 0, to: 1, lines: lines.length, cut: [], entry: '7-1', seq: 11 };
  return new Frame(ORIGIN, { ...batch, ...encoded, ...more }, description);
}

const SMALL = ['one', 'zwei ü', '\u0001"\\'];
const LARGE = Array.from({ length: 3_000 }, (_, index) => `a line of text, number ${index}, ü`);

test.each([
  ['small', SMALL],
  ['large', LARGE],
])(
  'a frame of a %s batch is the lines message, with the cursor after its last line',
  async (_size, lines) => {
    const frame = await frameOf(lines);
    for (const canInflate of [false, true]) {
      const { text } = decode(frame.message(canInflate) ?? Buffer.alloc(0));
      const { lines: got, ...header } = JSON.parse(text);
      expect(got).toEqual(lines);
      expect(linesHeader.parse(header)).toEqual({
        type: 'lines',
        channel: 'web/access',
        cursor: `1.e1.7-1.${11 + lines.length}`,
        seq: 11,
        at: 7,
        source: { id: 's1', host: 'h1', path: '/var/log/"quoted" ü', labels: { env: 'prod' } },
      });
    }
  },
);

test('a frame is spliced from deflated lines for clients that inflate, to exactly the plain text', async () => {
  const frame = await frameOf(LARGE);
  const plain = decode(frame.message(false) ?? Buffer.alloc(0));
  const spliced = decode(frame.message(true) ?? Buffer.alloc(0));
  expect([plain.isDeflated, spliced.isDeflated]).toEqual([false, true]);
  expect(spliced.text).toBe(plain.text);
});

test('a frame is built once in each form, and counts what it holds', async () => {
  const frame = await frameOf(LARGE);
  const before = frame.bytes;
  let grown = 0;
  frame.holder = { grew: (bytes) => (grown += bytes) };
  expect(frame.message(true)).toBe(frame.message(true));
  expect(frame.bytes).toBe(before);
  expect(frame.message(false)).toBe(frame.message(false));
  expect(frame.bytes).toBe(before + grown);
  expect(grown).toBe(frame.message(false)?.length);
});

test('a frame of a small batch is plain for everybody', async () => {
  const frame = await frameOf(SMALL);
  expect(frame.message(true)).toBe(frame.message(false));
});

test('a frame can leave out its first lines, with the flags of those that are left', async () => {
  const frame = await frameOf(LARGE, { cut: [0, 12, 13] });
  const { text } = decode(frame.messageFrom(10) ?? Buffer.alloc(0));
  const { cursor } = JSON.parse(decode(frame.message(false) ?? Buffer.alloc(0)).text);
  expect(JSON.parse(text)).toMatchObject({ seq: 21, cursor, cut: [2, 3], lines: LARGE.slice(10) });
});

test.each([
  ['no JSON', { encoding: 'json', payload: Buffer.from('["a"') }],
  ['another number of lines', { encoding: 'json', payload: Buffer.from('["a","b"]') }],
  ['something other than strings', { encoding: 'json', payload: Buffer.from('[1]') }],
  ['no deflate', { encoding: 'deflate', payload: Buffer.from('garbage') }],
  ['a final block', { encoding: 'deflate', payload: deflateRawSync(Buffer.from('["a"]')) }],
] as const)('a frame of a payload that is %s has no message', async (_what, payload) => {
  const frame = await frameOf(['a'], payload);
  expect([frame.message(true), frame.message(false), frame.messageFrom(0)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a frame contains the places of its lines and no other', async () => {
  const frame = await frameOf(['a', 'b']);
  const at = (seq: number, epoch = 'e1') => frame.contains({ epoch, entry: '5-0', seq });
  expect([at(10), at(11), at(12), at(13)]).toEqual([false, true, true, false]);
  expect([at(11, 'other'), at(11, '0')]).toEqual([false, true]);
});

test('a frame of a source that nobody described still names it', async () => {
  const frame = new Frame(
    ORIGIN,
    {
      source: 's9',
      from: 0,
      to: 1,
      lines: 1,
      cut: [],
      entry: '7-1',
      seq: 1,
      encoding: 'json',
      payload: Buffer.from('["a"]'),
    },
    undefined,
  );
  const { source } = JSON.parse(decode(frame.message(false) ?? Buffer.alloc(0)).text);
  expect(source).toEqual({ id: 's9', host: '', path: '' });
});
test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])(
  'a message of %i bytes has the right length',
  (bytes) => {
    expect(decode(textMessage('x'.repeat(bytes))).text).toBe('x'.repeat(bytes));
  },
);

test.each([1, 65_535, 65_536, 65_537, 200_000])('a message is spliced with a head of %i bytes', (bytes) => {
  const head = `{"head":"${'h'.repeat(bytes)}","lines":`;
  const deflated = deflateRawSync(Buffer.from('["x"]'), { finishFlush: constants.Z_SYNC_FLUSH });
  expect(decode(splicedMessage(Buffer.from(head), deflated)).text).toBe(`${head}["x"]}`);
});
