import { describe, expect, test } from 'vitest';
import { checkContinuity } from '../../shared/protocol/continuity.js';
import { FIRST_ENTRY, VOID_POSITION } from '../../shared/protocol/cursor.js';
import { waitFor } from '../support/wait.js';
import { linesOf, newChannel, readAll, Source } from './lines.js';
import { KEEP_ALL, STORES } from './stores.js';

/** A line whose payload, a JSON array, has exactly 100 bytes. */
function hundredBytes(index: number): string {
  return `${index}`.padEnd(96, '.');
}

describe.each(STORES)('trimming by bytes in $name', ({ open }) => {
  test('an append keeps as many bytes as the retention allows, that bound included', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, bytes: 300 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    for (let index = 1; index <= 10; index++) {
      await source.append(writer, hundredBytes(index));
      const kept = Math.min(index, 3);
      const { view, batches } = await reader.read(id, VOID_POSITION, 10_000);
      expect(batches.map(({ seq }) => seq)).toEqual(
        Array.from({ length: kept }, (_, i) => index - kept + 1 + i),
      );
      expect(view).toMatchObject({ firstSeq: index - kept + 1, nextSeq: index + 1 });
      expect(view.firstEntry).toBe(batches[0]?.entry);
    }
  });

  test('one large batch evicts many small ones and stays although it is larger than the bound', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, bytes: 5_000 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    for (let index = 0; index < 50; index++) await source.append(writer, hundredBytes(index));
    expect(await readAll(reader, id)).toHaveLength(50);
    await source.append(writer, 'L'.repeat(9_000));
    expect(linesOf(await readAll(reader, id))).toEqual(['L'.repeat(9_000)]);
    await writer.trim(id);
    expect(await readAll(reader, id)).toHaveLength(1);
    await source.append(writer, 'small');
    expect(linesOf(await readAll(reader, id))).toEqual(['small']);
  });

  test('several appends under way together respect the bound as well', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, bytes: 300 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await Promise.all(Array.from({ length: 30 }, (_, index) => source.append(writer, hundredBytes(index))));
    const batches = await readAll(reader, id);
    expect(batches.map(({ seq }) => seq)).toEqual([28, 29, 30]);
  });

  test('a lowered retention is applied by trim, to the byte, however much that is', async () => {
    const store = await open();
    const id = newChannel();
    const source = await new Source(id).open(store.writer);
    const all = Array.from({ length: 2_600 }, (_, index) => source.append(store.writer, hundredBytes(index)));
    await Promise.all(all);
    await store.reopen({ ...KEEP_ALL, bytes: 1_000 });
    await store.writer.trim(id);
    expect(await readAll(store.reader, id)).toHaveLength(10);
  });
});

describe.each(STORES)('trimming by age in $name', ({ open }) => {
  test('trim evicts what is too old, the newest batch included, and numbering goes on', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, ageMs: 1 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await source.append(writer, 'old', 'older');
    const newest = await source.append(writer, 'newest');
    const emptied = await waitFor('the batches to be too old', async () => {
      await writer.trim(id);
      const { view } = await reader.read(id, VOID_POSITION, 1000);
      return view.firstSeq === view.nextSeq && view;
    });
    expect(emptied).toMatchObject({ nextSeq: 4, firstEntry: FIRST_ENTRY, lastEntry: newest.entry });
    const next = await source.append(writer, 'after the silence');
    expect(next).toMatchObject({ seq: 4, epoch: newest.epoch });
    expect(linesOf(await readAll(reader, id))).toEqual(['after the silence']);
  });

  test('an append evicts what is too old and never its own batch', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, ageMs: 1 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const first = await source.append(writer, 'line 0');
    await waitFor('the first to be too old', async () => {
      const { seq } = await source.append(writer, 'later');
      const { view, batches } = await reader.read(id, VOID_POSITION, 100_000);
      expect(batches.at(-1)?.seq).toBe(seq);
      return view.firstEntry !== first.entry;
    });
  });

  test('what is young enough stays', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, ageMs: 3_600_000 });
    const id = newChannel();
    await (await new Source(id).open(writer)).append(writer, 'young');
    await writer.trim(id);
    expect(linesOf(await readAll(reader, id))).toEqual(['young']);
  });

  test('trimming an unknown channel does nothing', async () => {
    const { writer, reader } = await open({ bytes: 1, ageMs: 1 });
    const id = newChannel();
    await writer.trim(id);
    expect(await reader.channels(id.tenant)).toEqual([]);
  });
});

describe.each(STORES)('after trimming in $name', ({ open }) => {
  test('a cursor before what is left gets a gap with the exact lines that are gone', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, bytes: 300 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const { epoch, entry } = await source.append(writer, hundredBytes(1));
    for (let index = 2; index <= 9; index++) await source.append(writer, hundredBytes(index));
    const cursor = { epoch, entry, seq: 2 };
    const { view, batches } = await reader.read(id, cursor, 1000);
    expect(checkContinuity(cursor, view, batches[0])).toMatchObject({
      kind: 'gap',
      gap: { reason: 'trimmed', from: 2, to: 6, lines: 5, resume: { epoch, seq: 7 } },
    });
  });

  test('a cursor at the tip of an emptied channel is still at the tip', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, ageMs: 1 });
    const id = newChannel();
    const { epoch, entry } = await (await new Source(id).open(writer)).append(writer, 'x');
    const cursor = { epoch, entry, seq: 2 };
    const page = await waitFor('the batch to be too old', async () => {
      await writer.trim(id);
      const read = await reader.read(id, cursor, 1000);
      return !read.view.anchored && read;
    });
    expect(checkContinuity(cursor, page.view, page.batches[0])).toEqual({ kind: 'contiguous', skip: 0 });
    expect(await reader.locate(id, { kind: 'end' })).toEqual(cursor);
    expect(await reader.locate(id, { kind: 'tail', lines: 10 })).toEqual(cursor);
    expect(await reader.locate(id, { kind: 'start' })).toEqual(cursor);
  });

  test('tail and start find their way in what is left', async () => {
    const { writer, reader } = await open({ ...KEEP_ALL, bytes: 300 });
    const id = newChannel();
    const source = await new Source(id).open(writer);
    for (let index = 1; index <= 9; index++) await source.append(writer, hundredBytes(index));
    expect(await reader.locate(id, { kind: 'tail', lines: 100 })).toMatchObject({
      entry: FIRST_ENTRY,
      seq: 7,
    });
    expect(await reader.locate(id, { kind: 'tail', lines: 2 })).toMatchObject({ seq: 8 });
    expect(await reader.locate(id, { kind: 'start' })).toMatchObject({ entry: FIRST_ENTRY, seq: 7 });
  });
});
