import { describe, expect, test } from 'vitest';
import { checkContinuity } from '../../shared/protocol/continuity.js';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import { linesOf, newChannel, readAll, Source } from './lines.js';
import { STORES } from './stores.js';

describe.each(STORES)('when $name goes back', ({ open }) => {
  test('the position goes back too, so that an agent appends again what was lost', async () => {
    const store = await open();
    const id = newChannel();
    const source = await new Source(id).open(store.writer);
    await source.append(store.writer, 'kept');
    await store.save();
    const kept = source.offset;
    await source.append(store.writer, 'lost');
    await store.rollBack();
    const lost = source.offset;
    source.offset = kept;
    const batch = source.batch('lost');
    expect(await store.writer.append(id, { ...batch, from: lost, to: lost + 1 }, 'm')).toEqual({
      kind: 'conflict',
      position: { offset: kept, mark: 'mark' },
    });
    await source.append(store.writer, 'lost');
    expect(linesOf(await readAll(store.reader, id))).toEqual(['kept', 'lost']);
  });

  test('a cursor behind the new tip is told which numbers are used again', async () => {
    const store = await open();
    const id = newChannel();
    const source = await new Source(id).open(store.writer);
    const { entry: keptEntry } = await source.append(store.writer, '1', '2');
    await store.save();
    await source.append(store.writer, '3');
    const { epoch, entry } = await source.append(store.writer, '4', '5');
    await store.rollBack();
    const cursor = { epoch, entry, seq: 6 };
    const { view, batches } = await store.reader.read(id, cursor, 1000);
    expect(checkContinuity(cursor, view, batches[0])).toEqual({
      kind: 'gap',
      gap: { reason: 'rewound', from: 3, to: 5, lines: 3, resume: { epoch, entry: keptEntry, seq: 3 } },
    });
  });

  test('a cursor is told also when the tip has passed it again with other lines', async () => {
    const store = await open();
    const id = newChannel();
    const source = await new Source(id).open(store.writer);
    await source.append(store.writer, '1', '2');
    await store.save();
    const { epoch, entry } = await source.append(store.writer, 'lost 3', 'lost 4');
    await store.rollBack();
    const other = await new Source(id, 'other').open(store.writer);
    await other.append(store.writer, 'new 3');
    await other.append(store.writer, 'new 4', 'new 5', 'new 6');
    const cursor = { epoch, entry, seq: 5 };
    const { view, batches } = await store.reader.read(id, cursor, 1000);
    const verdict = checkContinuity(cursor, view, batches[0]);
    expect(verdict).toMatchObject({ kind: 'gap', gap: { reason: 'rewound', from: 3, to: 4 } });
    const resume = verdict.kind === 'gap' ? verdict.gap.resume : cursor;
    const lines = linesOf(await readAll(store.reader, id, resume));
    expect(lines).toEqual(['new 3', 'new 4', 'new 5', 'new 6']);
  });
});

describe.each(STORES)('when $name starts again', ({ open }) => {
  test('a history that began anew has another epoch, and a cursor of the old one is told', async () => {
    const store = await open();
    const id = newChannel();
    await store.save();
    const source = await new Source(id).open(store.writer);
    const { epoch, entry } = await source.append(store.writer, '1', '2', '3');
    await store.rollBack();
    const cursor = { epoch, entry, seq: 4 };
    const gone = await store.reader.read(id, cursor, 1000);
    expect(checkContinuity(cursor, gone.view, gone.batches[0])).toMatchObject({
      kind: 'gap',
      gap: { reason: 'recreated', lines: null, resume: VOID_POSITION },
    });
    expect(await store.writer.append(id, source.batch('4'), 'm')).toEqual({ kind: 'unknown_source' });
    await source.open(store.writer);
    expect((await source.append(store.writer, '1')).epoch).not.toBe(epoch);
    const { view, batches } = await store.reader.read(id, cursor, 1000);
    expect(checkContinuity(cursor, view, batches[0])).toMatchObject({
      kind: 'gap',
      gap: { reason: 'recreated', resume: { epoch: view.epoch, seq: 1 } },
    });
    expect(await store.reader.channels(id.tenant)).toEqual([id.channel]);
  });

  test('an orderly restart loses nothing', async () => {
    const store = await open();
    const id = newChannel();
    const source = await new Source(id).open(store.writer);
    const { epoch, entry } = await source.append(store.writer, '1', '2');
    await store.save();
    await store.rollBack();
    expect(await store.reader.locate(id, { kind: 'end' })).toEqual({ epoch, entry, seq: 3 });
    const { seq } = await source.append(store.writer, '3');
    expect(seq).toBe(3);
  });
});
