/** A gzip file read by offset: the same bytes as of the file that was packed, at a bounded cost. */
import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { ArchiveFile } from '../../agent/archives/archive-file.js';
import { Archives } from '../../agent/archives/archives.js';
import { InflateCursor } from '../../agent/archives/inflate-cursor.js';
import { InflatePool } from '../../agent/archives/inflate-pool.js';
import { LogFile, lookOf, openLogFile } from '../../agent/files/log-file.js';
import { seededRandom } from '../support/fault-random.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Counts what is read of the packed bytes. */
class CountingFile extends LogFile {
  bytesRead = 0;

  override async read(target: Buffer, offset: number): Promise<number> {
    const length = await super.read(target, offset);
    this.bytesRead += length;
    return length;
  }
}

async function packedFile(packed: Buffer): Promise<CountingFile> {
  const path = join(await temporaryDirectory(), 'app.log.1.gz');
  await writeFile(path, packed);
  const handle = await open(path);
  const file = new CountingFile(path, lookOf(await handle.stat({ bigint: true })).identity, handle);
  onTestFinished(() => file.close().catch(() => {}));
  return file;
}

function archiveOf(packed: LogFile, size: number, pool = new InflatePool()): ArchiveFile {
  const stopping = new AbortController().signal;
  const onDamage = (cause: Error) => expect.fail(cause.message);
  return new ArchiveFile(packed, size, 0n, { pool, stopping, onDamage });
}

/** Text that packs to about half, so that members and chunks of all sizes meet. */
function textOf(bytes: number): Buffer {
  return Buffer.from(randomBytes(bytes / 2).toString('hex'));
}

test('random reads of an archive of many members are those of the file that was packed', async () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed).next;
  const whole = textOf(3_000_000);
  const members: Buffer[] = [];
  for (let at = 0; at < whole.length; ) {
    const length = Math.ceil(random() ** 3 * 400_000);
    members.push(gzipSync(whole.subarray(at, at + length)));
    at += length;
  }
  const archive = archiveOf(await packedFile(Buffer.concat(members)), whole.length);
  for (let round = 0, offset = 0; round < 300; round++) {
    if (random() < 0.1) offset = Math.floor(random() * whole.length);
    else offset = Math.max(0, offset - Math.floor(random() * 100_000));
    const target = Buffer.alloc(Math.ceil(random() * 300_000));
    const length = await archive.read(target, offset);
    const expected = whole.subarray(offset, offset + target.length);
    expect(target.subarray(0, length).equals(expected), `seed ${seed}, round ${round}`).toBe(true);
    offset += length;
  }
});

test('members that end where a read ends are all unpacked', async () => {
  for (const over of [-1, 0, 1]) {
    // Stored and not deflated, so that the size of the first member can be chosen: it has 23 bytes around.
    const first = textOf(65_536 - 24);
    const stored = gzipSync(first, { level: 0 });
    const padding = Buffer.alloc(65_536 + over - stored.length, 'x');
    const [one, two] = [gzipSync(Buffer.concat([first, padding]), { level: 0 }), gzipSync('second')];
    const packed = await packedFile(Buffer.concat([one, two]));
    expect(await new Archives(new AbortController().signal).measure(packed)).toMatchObject({
      kind: 'whole',
      end: { offset: first.length + padding.length + 'second'.length },
    });
  }
});

test('lines longer than what a pass keeps at hand cost two passes, and not one for each', async () => {
  const [lines, lineBytes] = [12, 1_000_000];
  const whole = textOf(lines * lineBytes);
  const packed = await packedFile(gzipSync(whole));
  const { size } = await packed.look();
  const archive = archiveOf(packed, whole.length);
  const block = Buffer.alloc(262_144);
  for (let line = 0; line < lines; line++) {
    for (let at = line * lineBytes; at < (line + 1) * lineBytes; at += block.length)
      await archive.read(block, at);
    const text = Buffer.alloc(lineBytes);
    await archive.read(text, line * lineBytes);
    expect(text.equals(whole.subarray(line * lineBytes, (line + 1) * lineBytes))).toBe(true);
  }
  expect(packed.bytesRead).toBeLessThan(3 * size);
});

test('passes that are not in use are bounded: the one that rested longest is closed and begun anew', async () => {
  const whole = textOf(200_000);
  const packed = await packedFile(gzipSync(whole));
  const pool = new InflatePool();
  const { signal } = new AbortController();
  const openOthers = async (count: number) => {
    const cursors = Array.from({ length: count }, () => new InflateCursor(packed));
    onTestFinished(() => {
      for (const cursor of cursors) pool.close(cursor);
    });
    for (const cursor of cursors) await pool.use(cursor, () => cursor.read(Buffer.alloc(10), 5, signal));
    return cursors;
  };
  const cursors = await openOthers(80);
  expect(cursors.filter(({ isClosed }) => isClosed)).toEqual(cursors.slice(0, 16));

  const archive = archiveOf(packed, whole.length, pool);
  const target = Buffer.alloc(10);
  await archive.read(target, 150_000);
  await openOthers(64);
  expect(await archive.read(target, 150_010)).toBe(10);
  expect(target.equals(whole.subarray(150_010, 150_020))).toBe(true);
});

test('a read that the end of the agent breaks off is no end of the file', async () => {
  const whole = textOf(1_000_000);
  const packed = await openLogFile((await packedFile(gzipSync(whole))).path);
  if (packed === undefined) return expect.fail('no file');
  onTestFinished(() => packed.close());
  const stopping = new AbortController();
  const pool = new InflatePool();
  const archive = new ArchiveFile(packed, whole.length, 0n, {
    pool,
    stopping: stopping.signal,
    onDamage: () => {},
  });
  stopping.abort();
  await expect(archive.read(Buffer.alloc(10), 900_000)).rejects.toThrow(/abort/);
});
