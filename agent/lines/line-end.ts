/** Finds where the last whole line of a file ends, reading backwards: no offset ever lies inside a line. */

import type { ByteReader } from '../files/log-file.js';
import { BOM_BYTES_MAX, encodingAt } from './byte-order-mark.js';
import type { TextEncoding } from './text-encoding.js';

const BLOCK_BYTES = 64 * 1024;

/** The offset behind the last newline before `size`; 0 where there is none. `configured` as in a line format. */
export async function lastLineEnd(
  reader: ByteReader,
  size: number,
  configured: TextEncoding,
): Promise<number> {
  if (size === 0) return 0;
  const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, Math.max(BOM_BYTES_MAX, size)));
  const head = await readUpTo(reader, block.subarray(0, Math.min(BOM_BYTES_MAX, size)), 0);
  const encoding = encodingAt(head, configured)?.encoding;
  if (encoding === undefined) return 0;
  for (let end = size - (size % encoding.unitBytes); end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const lineEnd = encoding.lastLineEnd(await readUpTo(reader, block.subarray(0, end - start), start));
    if (lineEnd > 0) return start + lineEnd;
  }
  return 0;
}

async function readUpTo(reader: ByteReader, target: Buffer, offset: number): Promise<Buffer> {
  return target.subarray(0, await reader.read(target, offset));
}
