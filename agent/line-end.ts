/** Finds where the last whole line of a file ends, reading backwards: no offset ever lies inside a line. */
import type { ByteReader } from './log-file.js';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The offset behind the last newline before `size`; 0 where there is none. */
export async function lastLineEnd(reader: ByteReader, size: number): Promise<number> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const filled = await reader.read(block.subarray(0, end - start), start);
    const newline = block.lastIndexOf(NEWLINE, filled - 1);
    if (filled > 0 && newline !== -1) return start + newline + 1;
  }
  return 0;
}
