import { describe, expect, test } from 'vitest';
import {
  clientMessage,
  compareEntries,
  entryTime,
  FIRST_ENTRY,
  formatCursor,
  type Position,
  parseCursor,
  VOID_POSITION,
} from '../../shared/protocol/index.js';
import { seededRandom } from '../support/fault-random.js';

describe('a cursor', () => {
  test('comes back as the place that it was made from', () => {
    const random = seededRandom(7);
    const upTo = (most: number) => Math.floor(random.next() * most);
    for (let round = 0; round < 1_000; round += 1) {
      const epoch = upTo(Number.MAX_SAFE_INTEGER).toString(36);
      const entry = `${upTo(2 ** 44)}-${upTo(2 ** 20)}`;
      const position: Position = { epoch, entry, seq: 1 + upTo(Number.MAX_SAFE_INTEGER - 1) };
      expect(parseCursor(formatCursor(position))).toEqual(position);
    }
  });

  test.each<[string, Position]>([
    ['nothing at all', VOID_POSITION],
    ['the largest number', { epoch: 'a', entry: '1-1', seq: Number.MAX_SAFE_INTEGER }],
    ['the largest entry of Redis', { epoch: 'a', entry: '9999999999999999-18446744073709551615', seq: 1 }],
  ])('holds %s', (_what, position) => expect(parseCursor(formatCursor(position))).toEqual(position));

  test.each([
    '',
    '1',
    '2.a.1-1.1',
    '1.a.1-1.0',
    '1.a.1-1.01',
    '1.a.1-1.9007199254740993',
    '1.a.1.1',
    '1.A.1-1.1',
    '1..1-1.1',
    '1.a.1-1.1\n',
    ' 1.a.1-1.1',
    '1.a.-1-1.1',
    `1.${'a'.repeat(33)}.1-1.1`,
  ])('%j is none', (text) => expect(parseCursor(text)).toBeUndefined());

  test('that no hub issued is refused by the schema of subscribe', () => {
    const message = { type: 'subscribe', channel: 'a', from: { cursor: '2.a.1-1.1' } };
    expect(clientMessage.safeParse(message).success).toBe(false);
  });
});

describe('entries', () => {
  test('are ordered by number and not as text, beyond 2^53 too', () => {
    const ordered = [FIRST_ENTRY, '5-0', '5-1', '5-10', '10-0', '10-9007199254740993', '10-9007199254740994'];
    const shuffled = [...ordered].reverse().sort(compareEntries);
    expect(shuffled).toEqual(ordered);
    expect(compareEntries('5-1', '5-1')).toBe(0);
  });

  test('tell when they were appended', () => {
    expect(entryTime('1772366401000-7')).toBe(1_772_366_401_000);
  });
});
