import { describe, expect, test } from 'vitest';
import { checkContinuity } from '../../shared/protocol/continuity.js';
import { FIRST_ENTRY, VOID_EPOCH, VOID_POSITION } from '../../shared/protocol/cursor.js';
import { behind, DESCRIPTION, linesOf, newChannel, newTenant, readAll, Source } from './lines.js';
import { STORES } from './stores.js';

describe.each(STORES)('reading from $name', ({ open }) => {
  test('a channel without history has the void view, head and position, and no batches', async () => {
    const { reader } = await open();
    const id = newChannel('never/seen');
    const page = await reader.read(id, VOID_POSITION, 1000);
    expect(page.batches).toEqual([]);
    expect(page.view).toEqual({
      epoch: VOID_EPOCH,
      firstSeq: 1,
      nextSeq: 1,
      firstEntry: FIRST_ENTRY,
      lastEntry: FIRST_ENTRY,
      anchored: false,
    });
    expect(await reader.heads([id])).toEqual([{ epoch: VOID_EPOCH, nextSeq: 1 }]);
    for (const start of [{ kind: 'start' }, { kind: 'end' }, { kind: 'tail', lines: 5 }] as const) {
      expect(await reader.locate(id, start)).toEqual(VOID_POSITION);
    }
    expect(await reader.channels(id.tenant)).toEqual([]);
  });

  test('a channel that was opened and not written to is empty and goes on from the void position', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    await new Source(id).open(writer);
    const { view, batches } = await reader.read(id, VOID_POSITION, 1000);
    expect(view).toMatchObject({ firstSeq: 1, nextSeq: 1, firstEntry: FIRST_ENTRY, lastEntry: FIRST_ENTRY });
    expect(view.epoch).toMatch(/^[a-z0-9]{12,32}$/);
    expect(checkContinuity(VOID_POSITION, view, batches[0])).toEqual({ kind: 'contiguous', skip: 0 });
  });
});

describe.each(STORES)('pages of $name', ({ open }) => {
  test('pages hold as many batches as fit the budget, at least one, and no hole lies between them', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const line = 'x'.repeat(96);
    for (let index = 0; index < 25; index++) await source.append(writer, line);
    const sizes: number[] = [];
    let position = VOID_POSITION;
    for (;;) {
      const { view, batches } = await reader.read(id, position, 350);
      const [first] = batches;
      expect(checkContinuity(position, view, first)).toEqual({ kind: 'contiguous', skip: 0 });
      const last = batches.at(-1);
      if (last === undefined) break;
      sizes.push(batches.length);
      position = behind(last, view.epoch);
    }
    expect(sizes).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 1]);
    expect((await reader.read(id, VOID_POSITION, 1)).batches).toHaveLength(1);
    expect(position.seq).toBe(26);
  });

  test('a page of many small batches grows with the budget and is complete', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const lines = Array.from({ length: 300 }, (_, index) => `${index}`);
    for (const line of lines) await source.append(writer, line);
    expect(linesOf((await reader.read(id, VOID_POSITION, 1_000_000)).batches)).toEqual(lines);
  });

  test('a batch larger than the budget comes alone', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    for (const line of ['small', 'L'.repeat(10_000), 'small again']) await source.append(writer, line);
    const sizes = [];
    for (let position = VOID_POSITION; ; ) {
      const { view, batches } = await reader.read(id, position, 100);
      const last = batches.at(-1);
      if (last === undefined) break;
      sizes.push(batches.length);
      position = behind(last, view.epoch);
    }
    expect(sizes).toEqual([1, 1, 1]);
  });
});

describe.each(STORES)('positions and sources in $name', ({ open }) => {
  test('a position in the middle of a batch gives that batch and the number of lines to leave out', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const first = await source.append(writer, '1', '2');
    await source.append(writer, '3', '4', '5');
    const position = { epoch: first.epoch, entry: first.entry, seq: 5 };
    const { view, batches } = await reader.read(id, position, 1000);
    expect(checkContinuity(position, view, batches[0])).toEqual({ kind: 'contiguous', skip: 2 });
    expect(linesOf(batches)).toEqual(['3', '4', '5']);
    expect(view).toMatchObject({ anchored: true, firstSeq: 1, nextSeq: 6, firstEntry: first.entry });
  });

  test('a page carries the descriptions of its sources and of no others', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const one = await new Source(id, 'one').open(writer);
    const two = await new Source(id, 'two').open(writer, { ...DESCRIPTION, path: '/var/log/zwei ü.log' });
    await new Source(id, 'three').open(writer);
    await one.append(writer, 'a');
    await two.append(writer, 'b');
    await one.append(writer, 'c');
    const { sources } = await reader.read(id, VOID_POSITION, 1000);
    expect([...sources]).toEqual([
      ['one', DESCRIPTION],
      ['two', { ...DESCRIPTION, path: '/var/log/zwei ü.log' }],
    ]);
  });

  test('a cursor that no store can have given is answered, not an error', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const { epoch } = await (await new Source(id).open(writer)).append(writer, 'x');
    const entry = '9999999999999999-99999999999999999999';
    const { view, batches } = await reader.read(id, { epoch, entry, seq: 1 }, 1000);
    expect(batches).toEqual([]);
    expect(view.anchored).toBe(false);
  });
});

describe.each(STORES)('heads and followers of $name', ({ open }) => {
  test('heads answer for many channels in the order asked', async () => {
    const { writer, reader } = await open();
    const tenant = newTenant();
    const ids = ['a', 'b', 'c'].map((channel) => ({ tenant, channel }));
    const [a, , c] = ids as [(typeof ids)[0], (typeof ids)[0], (typeof ids)[0]];
    await (await new Source(a).open(writer)).append(writer, '1', '2');
    await (await new Source(c).open(writer)).append(writer, '1');
    const heads = await reader.heads(ids);
    expect(heads.map(({ nextSeq }) => nextSeq)).toEqual([3, 1, 2]);
    expect(heads[1]?.epoch).toBe(VOID_EPOCH);
    expect(await reader.heads([])).toEqual([]);
  });

  test('a reader that follows two writers sees every line once and in order', async () => {
    const store = await open();
    const id = newChannel();
    const writers = [store.writer, store.anotherWriter()];
    const written = writers.map(async (writer, index) => {
      const source = await new Source(id, `source-${index}`).open(writer);
      for (let line = 0; line < 50; line++) await source.append(writer, `${index}:${line}`);
    });
    const seqs: number[] = [];
    let position = VOID_POSITION;
    while (seqs.length < 100) {
      const { view, batches } = await store.reader.read(id, position, 500);
      expect(checkContinuity(position, view, batches[0]).kind).toBe('contiguous');
      const last = batches.at(-1);
      if (last !== undefined) position = behind(last, view.epoch);
      seqs.push(...batches.map(({ seq }) => seq));
    }
    await Promise.all(written);
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await readAll(store.reader, id, position)).toEqual([]);
  });
});
