import { describe, expect, test } from 'vitest';
import type { ChannelId } from '../../shared/protocol/channel.js';
import { checkContinuity } from '../../shared/protocol/continuity.js';
import { entryTime, FIRST_ENTRY } from '../../shared/protocol/cursor.js';
import type { LogReader, StartPoint } from '../../shared/store/log-store.js';
import { waitFor } from '../support/wait.js';
import { linesOf, newChannel, Source } from './lines.js';
import { STORES } from './stores.js';

describe.each(STORES)('starting in $name', ({ open }) => {
  test('start is the oldest retained line, end is behind the newest', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const { epoch } = await source.append(writer, '1', '2');
    const { entry } = await source.append(writer, '3');
    expect(await reader.locate(id, { kind: 'start' })).toEqual({ epoch, entry: FIRST_ENTRY, seq: 1 });
    expect(await reader.locate(id, { kind: 'end' })).toEqual({ epoch, entry, seq: 4 });
    expect(await linesFrom(reader, id, { kind: 'start' })).toEqual(['1', '2', '3']);
    expect(await linesFrom(reader, id, { kind: 'end' })).toEqual([]);
  });

  test('tail n gives exactly the last n lines, wherever batches begin', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const lines: string[] = [];
    for (let batch = 0; batch < 40; batch++) {
      const some = Array.from({ length: 1 + (batch % 4) }, (_, index) => `${batch}.${index}`);
      lines.push(...some);
      await source.append(writer, ...some);
    }
    for (let n = 1; n <= lines.length; n++) {
      expect(await linesFrom(reader, id, { kind: 'tail', lines: n })).toEqual(lines.slice(-n));
    }
    expect(await linesFrom(reader, id, { kind: 'tail', lines: 1_000_000 })).toEqual(lines);
    expect(await linesFrom(reader, id, { kind: 'tail', lines: 0 })).toEqual([]);
  });

  test('tail n in the middle of the oldest batch starts before every entry', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const { epoch } = await (await new Source(id).open(writer)).append(writer, '1', '2', '3');
    const position = await reader.locate(id, { kind: 'tail', lines: 2 });
    expect(position).toEqual({ epoch, entry: FIRST_ENTRY, seq: 2 });
  });

  test('since gives the first batch at or after the time', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const times: number[] = [];
    for (const line of ['first', 'second', 'third']) {
      const { entry } = await source.append(writer, line);
      times.push(entryTime(entry));
      await waitFor('the clock to move on', () => Date.now() > entryTime(entry), { everyMs: 1 });
    }
    const [first = 0, second = 0, third = 0] = times;
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: 0 })).toEqual(['first', 'second', 'third']);
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: first })).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: first + 1 })).toEqual(['second', 'third']);
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: second + 0.5 })).toEqual(['third']);
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: third + 1 })).toEqual([]);
    expect(await reader.locate(id, { kind: 'since', timeMs: third + 1 })).toEqual(
      await reader.locate(id, { kind: 'end' }),
    );
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: -5 })).toHaveLength(3);
    expect(await linesFrom(reader, id, { kind: 'since', timeMs: Number.MAX_SAFE_INTEGER })).toEqual([]);
  });
});

/** The lines that a client gets who starts there. */
async function linesFrom(reader: LogReader, id: ChannelId, start: StartPoint): Promise<string[]> {
  const position = await reader.locate(id, start);
  const { view, batches } = await reader.read(id, position, 1_000_000);
  const verdict = checkContinuity(position, view, batches[0]);
  if (verdict.kind !== 'contiguous') throw new Error(`a gap at the start: ${JSON.stringify(verdict)}`);
  return linesOf(batches).slice(verdict.skip);
}
