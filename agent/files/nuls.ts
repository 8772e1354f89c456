/**
 * Runs of NUL bytes: what a file system shows where nothing was written, as in front of the place where a
 * program goes on writing after its file was truncated. Pure.
 */

/** A run of at least so many inside a line was not written by whoever wrote the line: a page, mostly more. */
export const HOLE_BYTES_MIN = 4096;

const BLOCK = Buffer.alloc(64 * 1024);

/** Among any `HOLE_BYTES_MIN` bytes one has an index that is a multiple of it. */
const PROBE_BYTES = HOLE_BYTES_MIN / 2;

/** Offsets; `to` is that of the first byte behind it. */
export interface Hole {
  readonly from: number;
  readonly to: number;
}

/** How many NULs the bytes begin with. */
export function leadingNuls(bytes: Buffer): number {
  if (bytes[0] !== 0) return 0;
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(at + BLOCK.length, bytes.length);
    if (bytes.compare(BLOCK, 0, end - at, at, end) !== 0) break;
    at = end;
  }
  while (bytes[at] === 0) at++;
  return at;
}

/** How many NULs the bytes end with. */
export function trailingNuls(bytes: Buffer): number {
  let at = bytes.length;
  while (at > 0) {
    const start = Math.max(0, at - BLOCK.length);
    if (bytes.compare(BLOCK, 0, at - start, start, at) !== 0) break;
    at = start;
  }
  while (at > 0 && bytes[at - 1] === 0) at--;
  return bytes.length - at;
}

/**
 * The first hole at or after `start`, as indexes, that ends before the bytes do. It is made of whole code units
 * of so many bytes, counted from index 0. Looks at few bytes.
 */
export function holeIn(bytes: Buffer, start: number, unitBytes: 1 | 2): Hole | undefined {
  for (let probe = start; probe < bytes.length; probe += PROBE_BYTES) {
    if (bytes[probe] !== 0) continue;
    const from = probe - trailingNuls(bytes.subarray(start, probe));
    const to = probe + leadingNuls(bytes.subarray(probe));
    if (to === bytes.length) return undefined;
    const hole = { from: from + (from % unitBytes), to: to - (to % unitBytes) };
    if (isHole(hole)) return hole;
    probe = Math.max(probe, to - PROBE_BYTES);
  }
  return undefined;
}

export function isHole({ from, to }: Hole): boolean {
  return to - from >= HOLE_BYTES_MIN;
}
