/** Corpus lines as batches that are ready to be stored, so that feeding costs no more than appending. */
import type { PayloadEncoding } from '../../shared/store/log-store.js';
import { corpusBlock } from './corpus.js';

export interface PackedBatch {
  readonly lines: number;
  readonly rawBytes: number;
  readonly encoding: PayloadEncoding;
  readonly payload: Buffer;
}

export type Encode = (json: Buffer) => Promise<{ encoding: PayloadEncoding; payload: Buffer }>;

/** What an agent that is behind packs: as many whole lines as fit in `rawBytesMax`. */
export async function packAccessLog(
  count: number,
  rawBytesMax: number,
  encode: Encode,
): Promise<PackedBatch[]> {
  const lines = corpusBlock('access', Math.ceil((count * rawBytesMax) / 100));
  const batches: PackedBatch[] = [];
  for (let at = 0; batches.length < count; ) {
    const { end, rawBytes } = fill(lines, at, rawBytesMax);
    const texts = lines.slice(at, end).map((line) => line.slice(0, -1));
    const encoded = await encode(Buffer.from(JSON.stringify(texts)));
    batches.push({ lines: end - at, rawBytes, ...encoded });
    at = end;
  }
  return batches;
}

function fill(lines: readonly string[], at: number, rawBytesMax: number): { end: number; rawBytes: number } {
  let end = at;
  let rawBytes = 0;
  // The corpus is ASCII: characters are bytes.
  while (end < lines.length && rawBytes + (lines[end] as string).length <= rawBytesMax) {
    rawBytes += (lines[end] as string).length;
    end += 1;
  }
  return { end, rawBytes };
}
