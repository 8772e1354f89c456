/** What a tail notices of a file that changes under it, byte by byte of the proof. */
import { expect, test } from 'vitest';
import type { ByteReader } from '../../agent/files/log-file.js';
import { markOfUnread } from '../../agent/files/mark.js';
import { READ_BUFFER_BYTES, Tail, type TailRead } from '../../agent/lines/tail.js';
import { UTF_8 } from '../../agent/lines/text-encoding.js';

const FORMAT = { encoding: UTF_8, lineBytesMax: 2 ** 20 };
const BUFFER = Buffer.alloc(READ_BUFFER_BYTES);

class Changing implements ByteReader {
  bytes: Buffer = Buffer.alloc(0);
  async read(target: Buffer, offset: number): Promise<number> {
    return offset < this.bytes.length ? this.bytes.copy(target, 0, offset) : 0;
  }
}

async function unreadTail(content: Buffer): Promise<{ file: Changing; tail: Tail }> {
  const file = new Changing();
  file.bytes = content;
  const mark = await markOfUnread(file, content.length, 0n);
  const tail = (await Tail.ofFile(file, FORMAT, { offset: 0, mark })) ?? expect.unreachable();
  return { file, tail };
}

function textOf(read: TailRead): string {
  return read.kind === 'lines' ? read.bytes.toString() : read.kind;
}

test('a file of which nothing was read is not taken for the one that its mark was made of once it is another', async () => {
  for (const hole of [0, 1_000, 300_000]) {
    const nuls = Buffer.alloc(hole);
    const original = Buffer.concat([nuls, Buffer.from('one\ntwo\n')]);
    const others = [
      Buffer.concat([nuls, Buffer.from('one\nTWO\n')]),
      Buffer.concat([nuls, Buffer.from('one\n')]),
      Buffer.concat([nuls, nuls, Buffer.from('ONE\ntwo\nthree\n')]),
    ];
    for (const other of others) {
      const { file, tail } = await unreadTail(original);
      file.bytes = other;
      expect(textOf(await tail.read(other.length, BUFFER)), `${hole} ${other.length}`).toBe('diverged');
    }
    const { file, tail } = await unreadTail(original);
    file.bytes = Buffer.concat([original, Buffer.from('three\n')]);
    expect(textOf(await tail.read(file.bytes.length, BUFFER))).toBe('one\ntwo\nthree\n');
  }
});

test('an unfinished line may be written anew, but nothing before it', async () => {
  const fill = 'x'.repeat(400);
  const cases = [
    [`a${fill}\nwrong`, `a${fill}\nright\n`, 'right\n'],
    [`a${fill}\nwrong`, `b${fill}\nright\n`, 'diverged'],
    ['line 1\nwrong', 'line 1\nright\n', 'right\n'],
    ['line 1\nwrong', 'LINE 1\nright\n', 'diverged'],
    ['line 1\nwrong', 'line 1\n', 'end'],
    ['line 1\nwrong', 'line', 'diverged'],
  ] as const;
  for (const [before, after, expected] of cases) {
    const file = new Changing();
    file.bytes = Buffer.from(before);
    const tail = (await Tail.ofFile(file, FORMAT, { offset: 0, mark: '' })) ?? expect.unreachable();
    expect(textOf(await tail.read(before.length, BUFFER))).toMatch(/\n$/);
    expect(textOf(await tail.read(before.length, BUFFER))).toBe('end');
    file.bytes = Buffer.from(after);
    expect(textOf(await tail.read(after.length, BUFFER)), after).toBe(expected);
  }
});

test('a search of a hole or of an endless line lets its caller look around, and goes on where it was', async () => {
  for (const byte of [0, 0x78]) {
    const block = Buffer.alloc(READ_BUFFER_BYTES, byte);
    const end = 100 * 2 ** 20;
    let readBytes = 0;
    const file: ByteReader = {
      read: async (target, offset) => {
        const length = Math.min(target.length, end - offset);
        readBytes += length;
        return block.copy(target, 0, 0, length);
      },
    };
    const tail = (await Tail.ofFile(file, FORMAT, { offset: 0, mark: '' })) ?? expect.unreachable();
    const kinds = [await tail.read(end, BUFFER), await tail.read(end, BUFFER), await tail.read(end, BUFFER)];
    expect(kinds.map(({ kind }) => kind)).toEqual(['more', 'end', 'end']);
    expect(tail.offset).toBe(0);
    expect(readBytes).toBeLessThan(1.01 * end);
  }
});
