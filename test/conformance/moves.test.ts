import { describe, expect, test } from 'vitest';
import type { OutgoingBatch } from '../../shared/store/log-store.js';
import { linesOf, newChannel, readAll, Source } from './lines.js';
import { STORES } from './stores.js';

describe.each(STORES)('a batch that lies in two sources, in $name', ({ open }) => {
  async function twoSources() {
    const store = await open();
    const id = newChannel();
    const old = await new Source(id, 'old').open(store.writer);
    const next = await new Source(id, 'next').open(store.writer);
    await old.append(store.writer, 'before');
    const batch: OutgoingBatch = {
      ...old.batch('first\nsecond'),
      also: { source: 'next', from: 0, to: { offset: 7, mark: 'mark of next' } },
    };
    const positions = async () => [
      (await old.open(store.writer)).offset,
      (await next.open(store.writer)).offset,
    ];
    return { ...store, id, old, next, batch, positions };
  }

  test('moves both of them in one step', async () => {
    const { writer, reader, id, batch, positions } = await twoSources();
    expect(await writer.append(id, batch, 'mark of old')).toMatchObject({ kind: 'appended', seq: 2 });
    expect(linesOf(await readAll(reader, id))).toEqual(['before', 'first\nsecond']);
    expect(await positions()).toEqual([batch.to, 7]);
    const conflict = { kind: 'conflict', position: { offset: batch.to, mark: 'mark of old' } };
    expect(await writer.append(id, batch, 'mark of old')).toEqual(conflict);
    expect(linesOf(await readAll(reader, id))).toHaveLength(2);
  });

  test('is refused as a whole where either of them stands elsewhere', async () => {
    const { writer, reader, id, old, next, batch, positions } = await twoSources();
    await next.append(writer, 'next was read');
    const before = await positions();
    expect(await writer.append(id, batch, 'm')).toMatchObject({ kind: 'conflict', position: { offset: 7 } });
    expect(await positions()).toEqual(before);
    await old.append(writer, 'old grew');
    const moved = { ...batch, also: { source: 'next', from: next.offset, to: { offset: 99, mark: '' } } };
    expect(await writer.append(id, moved, 'm')).toMatchObject({ kind: 'conflict' });
    expect(await positions()).toEqual([old.offset, next.offset]);
    expect(linesOf(await readAll(reader, id))).toEqual(['before', 'next was read', 'old grew']);
  });

  test('is refused where the other source is unknown', async () => {
    const { writer, reader, id, batch, positions } = await twoSources();
    const stray = { ...batch, also: { source: 'nobody', from: 0, to: { offset: 7, mark: '' } } };
    expect(await writer.append(id, stray, 'm')).toEqual({ kind: 'unknown_source' });
    expect(await positions()).toEqual([batch.from, 0]);
    expect(linesOf(await readAll(reader, id))).toEqual(['before']);
  });

  test('keeps both sources as long as it is retained', async () => {
    const { writer, id, batch, positions } = await twoSources();
    await writer.append(id, batch, 'm');
    await writer.retireSources(id, ['old', 'next']);
    expect(await positions()).toEqual([batch.to, 7]);
  });
});
