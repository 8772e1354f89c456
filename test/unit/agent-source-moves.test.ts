/** What the agent makes of a source that the store knows by several names, since it moved. */
import { expect, test } from 'vitest';
import { Ledger } from '../../agent/sources/ledger.js';
import { movedSourceId, sourceId, stemOf } from '../../agent/sources/source-id.js';
import type { SourceRecord } from '../../shared/store/log-store.js';

const HOST = 'web';
const IDENTITY = { device: '1', inode: '2' };
const FIRST = sourceId(HOST, IDENTITY, 1);
const SECOND = movedSourceId(FIRST, 100, 'b', {});

function record(source: string, channel: string, offset: number): SourceRecord {
  const description = { host: HOST, path: '/app.log', ...IDENTITY, generation: 1, labels: {} };
  return { source, channel, description, position: { offset, mark: '' } };
}

test.each([
  ['in one order', [record(FIRST, 'a', 100), record(SECOND, 'b', 250)]],
  ['or the other', [record(SECOND, 'b', 250), record(FIRST, 'a', 100)]],
])('the name with the furthest position holds, %s', (_order, records) => {
  const ledger = new Ledger(HOST);
  ledger.load(records);
  expect(ledger.all()).toMatchObject([{ source: SECOND, channel: 'b', position: { offset: 250 } }]);
  expect(ledger.all()[0]?.earlier).toEqual([{ source: FIRST, channel: 'a', labels: {} }]);
});

test('a move that the store lost takes its source back to where it moved, and no further', () => {
  const ledger = new Ledger(HOST);
  ledger.load([record(FIRST, 'a', 100), record(SECOND, 'b', 250)]);
  const before = ledger.offsets();
  const behind = ledger.goBack([record(FIRST, 'a', 100)], before, new Set(ledger.all()));
  expect([behind, ledger.all()[0]?.position.offset]).toEqual([1, 100]);
});

test('a source that no store knows moves without another name', () => {
  const ledger = new Ledger(HOST);
  const known = ledger.admit({
    channel: 'a',
    labels: {},
    path: '/app.log',
    identity: IDENTITY,
    generation: 1,
  });
  ledger.move(known, { channel: 'b', labels: { team: 'x' } });
  expect(known).toMatchObject({ source: FIRST, channel: 'b', labels: { team: 'x' }, earlier: [] });
});

test('the same move has the same name, and another place, channel or label another one', () => {
  const names = [
    movedSourceId(FIRST, 100, 'b', { a: '1', b: '2' }),
    movedSourceId(SECOND, 100, 'b', { b: '2', a: '1' }),
    movedSourceId(FIRST, 101, 'b', { a: '1', b: '2' }),
    movedSourceId(FIRST, 100, 'c', { a: '1', b: '2' }),
    movedSourceId(FIRST, 100, 'b', { a: '1' }),
  ];
  expect(names[1]).toBe(names[0]);
  expect(new Set(names).size).toBe(4);
  expect(names.map(stemOf)).toEqual(names.map(() => FIRST));
});
