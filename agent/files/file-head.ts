/** The beginning of a file, behind the hole of NULs that it may have there. It reads no further than to `end`. */
import type { ByteReader } from './log-file.js';
import { leadingNuls } from './nuls.js';

const BLOCK_BYTES = 1024 * 1024;

export interface FileHead {
  /** NULs that the file begins with. */
  readonly hole: number;
  /** What follows them, as far as it was asked for and is there. */
  readonly bytes: Buffer;
}

/** The first `length` bytes behind the hole. `knownHole`: so many at the beginning are known to be NULs. */
export async function headOf(
  file: ByteReader,
  end: number,
  length: number,
  knownHole = 0,
): Promise<FileHead> {
  const bytes = await bytesAt(file, knownHole, Math.min(length, end - knownHole));
  if (leadingNuls(bytes) === 0) return { hole: knownHole, bytes };
  const hole = await endOfNuls(file, knownHole, end);
  return { hole, bytes: await bytesAt(file, hole, Math.min(length, end - hole)) };
}

async function endOfNuls(file: ByteReader, from: number, end: number): Promise<number> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let at = from; ; ) {
    const filled = await file.read(block.subarray(0, Math.min(BLOCK_BYTES, end - at)), at);
    const nuls = leadingNuls(block.subarray(0, filled));
    at += nuls;
    if (nuls < filled || nuls === 0) return at;
  }
}

export async function bytesAt(file: ByteReader, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, length));
  return bytes.subarray(0, await file.read(bytes, offset));
}
