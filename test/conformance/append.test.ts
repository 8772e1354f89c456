import { describe, expect, test } from 'vitest';
import { batchOf, DESCRIPTION, linesOf, newChannel, newTenant, readAll, Source } from './lines.js';
import { STORES } from './stores.js';

describe.each(STORES)('appending to $name', ({ open }) => {
  test('numbers lines densely from 1 across sources and returns epoch, entry and seq', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const first = await new Source(id, 'a').open(writer);
    const second = await new Source(id, 'b').open(writer);
    const one = await first.append(writer, 'a1', 'a2');
    const two = await second.append(writer, 'b1');
    const three = await first.append(writer, 'a3');
    expect([one.seq, two.seq, three.seq]).toEqual([1, 3, 4]);
    expect(new Set([one.epoch, two.epoch, three.epoch]).size).toBe(1);
    const batches = await readAll(reader, id);
    expect(linesOf(batches)).toEqual(['a1', 'a2', 'b1', 'a3']);
    expect(batches.map(({ entry }) => entry)).toEqual([one.entry, two.entry, three.entry]);
  });

  test('stores a batch exactly as it was given', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    await new Source(id).open(writer);
    const payload = Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0x80, 0xfe]);
    const given = { ...batchOf('source-1', 0, ['x']), encoding: 'deflate', payload, cut: [0, 17] } as const;
    await writer.append(id, given, 'mark');
    const [stored] = await readAll(reader, id);
    expect(stored).toMatchObject(given);
  });

  test('a batch sent again is a conflict that names the position, and is not stored twice', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const batch = source.batch('only once');
    await writer.append(id, batch, 'mark of the end');
    const again = await writer.append(id, batch, 'mark of the end');
    expect(again).toEqual({ kind: 'conflict', position: { offset: batch.to, mark: 'mark of the end' } });
    expect(linesOf(await readAll(reader, id))).toEqual(['only once']);
  });
});

describe.each(STORES)('two writers and order in $name', ({ open }) => {
  test('a batch that does not start at the position is refused, before and behind it', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await source.append(writer, 'first');
    const conflict = { kind: 'conflict', position: { offset: source.offset, mark: 'mark' } };
    for (const from of [0, source.offset - 1, source.offset + 1]) {
      expect(await writer.append(id, batchOf(source.name, from, ['other']), 'm')).toEqual(conflict);
    }
    expect(linesOf(await readAll(reader, id))).toEqual(['first']);
  });

  test('of two writers on one file each line is stored once, in file order', async () => {
    const store = await open();
    const id = newChannel();
    const writers = [store.writer, store.anotherWriter()];
    await new Source(id).open(store.writer);
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    await Promise.all(writers.map((writer) => copyFile(writer, id, lines)));
    expect(linesOf(await readAll(store.reader, id))).toEqual(lines);
  });

  test('calls for one channel take effect in the order they were made while several are under way', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    const outcomes = await Promise.all(lines.map((line) => source.append(writer, line)));
    expect(outcomes.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
    expect(linesOf(await readAll(reader, id))).toEqual(lines);
  });
});

describe.each(STORES)('the bounds of $name', ({ open }) => {
  test('a source that was never opened is unknown and nothing is stored', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    expect(await writer.append(id, batchOf('nobody', 0, ['x']), 'm')).toEqual({ kind: 'unknown_source' });
    await new Source(id, 'somebody').open(writer);
    expect(await writer.append(id, batchOf('nobody', 0, ['x']), 'm')).toEqual({ kind: 'unknown_source' });
    expect(await readAll(reader, id)).toEqual([]);
  });

  test('offsets and sequence numbers are exact up to 2^53 - 1', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const max = Number.MAX_SAFE_INTEGER;
    await writer.openSource(id, 's', DESCRIPTION, { offset: max - 3, mark: '' });
    const base = { ...batchOf('s', 0, ['x']), lines: max - 3 };
    await writer.append(id, { ...base, from: max - 3, to: max - 2 }, '');
    const outcome = await writer.append(id, { ...base, from: max - 2, to: max, lines: 2 }, '');
    expect(outcome).toMatchObject({ kind: 'appended', seq: max - 2 });
    expect(await writer.openSource(id, 's', DESCRIPTION, { offset: 0, mark: '' })).toEqual({
      offset: max,
      mark: '',
    });
    const { view, batches } = await reader.read(id, { epoch: '0', entry: '0-0', seq: 1 }, 1000);
    expect(batches.map(({ from, to, seq }) => [from, to, seq])).toEqual([
      [max - 3, max - 2, 1],
      [max - 2, max, max - 2],
    ]);
    expect(view.nextSeq).toBe(max);
    expect(await reader.locate(id, { kind: 'tail', lines: 1 })).toMatchObject({ seq: max - 1 });
    expect(await reader.heads([id])).toEqual([{ epoch: view.epoch, nextSeq: max }]);
  });

  test('an append that would need numbers above 2^53 - 1 is refused whole', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await writer.append(id, { ...source.batch('x'), lines: Number.MAX_SAFE_INTEGER - 1 }, 'm');
    const next = batchOf(source.name, source.batch('x').to, ['y']);
    await expect(writer.append(id, next, 'm')).rejects.toMatchObject({ code: 'corrupt', retryable: false });
    expect(linesOf(await readAll(reader, id))).toEqual(['x']);
  });

  test('two tenants with a channel of the same name share nothing', async () => {
    const { writer, reader } = await open();
    const ours = { tenant: newTenant(), channel: 'app' };
    const theirs = { tenant: newTenant(), channel: 'app' };
    await (await new Source(ours).open(writer)).append(writer, 'ours');
    await (await new Source(theirs).open(writer)).append(writer, 'theirs', 'more of theirs');
    expect(linesOf(await readAll(reader, ours))).toEqual(['ours']);
    const [mine, other] = await reader.heads([ours, theirs]);
    expect([mine?.nextSeq, other?.nextSeq]).toEqual([2, 3]);
    expect(mine?.epoch).not.toBe(other?.epoch);
    expect(await reader.channels(ours.tenant)).toEqual(['app']);
    expect(await writer.sourcesOf(ours.tenant, DESCRIPTION.host)).toHaveLength(1);
  });
});

/** What an agent does: appends line by line, and goes where the store says after a conflict. */
async function copyFile(
  writer: Awaited<ReturnType<(typeof STORES)[number]['open']>>['writer'],
  id: ReturnType<typeof newChannel>,
  lines: readonly string[],
): Promise<void> {
  const starts = lines.map((_, index) => batchOf('source-1', 0, lines.slice(0, index)).to);
  for (let at = 0; at < lines.length; ) {
    const outcome = await writer.append(id, batchOf('source-1', starts[at] ?? 0, [lines[at] ?? '']), 'mark');
    if (outcome.kind === 'unknown_source') throw new Error('the source was forgotten');
    if (outcome.kind === 'appended') at += 1;
    else
      at = starts.includes(outcome.position.offset) ? starts.indexOf(outcome.position.offset) : lines.length;
  }
}
