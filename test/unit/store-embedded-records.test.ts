import { expect, test } from 'vitest';
import { compareEntries } from '../../shared/protocol/cursor.js';
import {
  channelOfHeadKey,
  descriptionKey,
  entryKey,
  entryRange,
  headKey,
  seqKey,
  seqOfKey,
  sourceOfDescriptionKey,
} from '../../shared/store/embedded/keys.js';
import { decodeEntry, decodeHead, encodeEntry } from '../../shared/store/embedded/records.js';

const ID = { tenant: 'acme', channel: 'web/nginx.1' };

test('keys are ordered as what they stand for', () => {
  const entries = [
    '0-0',
    '9-0',
    '10-0',
    '10-9',
    '10-10',
    '1795414761686-4',
    '9999999999999999-99999999999999999999',
  ];
  const keys = entries.map((entry) => entryKey(ID, entry));
  expect([...keys].sort()).toEqual(keys);
  expect([...entries].sort(compareEntries)).toEqual(entries);
  const seqs = [1, 9, 10, 1_000_000, Number.MAX_SAFE_INTEGER];
  const seqKeys = seqs.map((seq) => seqKey(ID, seq));
  expect([...seqKeys].sort()).toEqual(seqKeys);
  expect(seqKeys.map(seqOfKey)).toEqual(seqs);
});

test('the range of a channel holds its entries and no entry of a neighbour', () => {
  const { gte, lt } = entryRange(ID);
  const within = (key: string) => key >= gte && key < lt;
  expect(within(entryKey(ID, '0-0'))).toBe(true);
  expect(within(entryKey(ID, '9999999999999999-99999999999999999999'))).toBe(true);
  for (const channel of ['web/nginx.', 'web/nginx.10', 'web/nginx.1/x', 'web/nginx.1-', 'web']) {
    expect(within(entryKey({ ...ID, channel }, '5-0'))).toBe(false);
  }
  expect(within(entryKey({ ...ID, tenant: 'acme-2' }, '5-0'))).toBe(false);
});

test('names come back out of their keys', () => {
  expect(channelOfHeadKey(headKey(ID))).toBe(ID.channel);
  const source = 'host!2049:17/3 ü';
  expect(sourceOfDescriptionKey(descriptionKey(ID, source))).toEqual({ channel: ID.channel, source });
});

test('an entry comes back as it was, binary payload included', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const payload = Buffer.from([0, 255, 10, 13]);
  const batch = {
    source: 'ü',
    from: max - 1,
    to: max,
    lines: 3,
    encoding: 'deflate',
    payload,
    cut: [2],
  } as const;
  expect(decodeEntry(encodeEntry(batch, '5-0', max))).toEqual({ ...batch, entry: '5-0', seq: max });
});

test.each([
  Buffer.alloc(0),
  Buffer.from([0, 0, 0]),
  Buffer.from([0, 0, 0, 9, 0x7b]),
  Buffer.from([0, 0, 0, 1, 0x7b]),
])('the cut-off entry %j is corrupt', (bytes) => {
  expect(() => decodeEntry(bytes)).toThrow(expect.objectContaining({ code: 'corrupt', retryable: false }));
});

test('a head that is no JSON is corrupt', () => {
  expect(() => decodeHead(Buffer.from('{'))).toThrow(expect.objectContaining({ code: 'corrupt' }));
});
