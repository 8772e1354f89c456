/**
 * By what a file is recognised besides device and inode, which are used again as soon as a file is deleted:
 * a hash of its beginning and a hash of the bytes just before an offset. The mark is stored with a source's
 * position, in the same atomic step, so that the two never disagree.
 */
import { hash } from 'node:crypto';
import type { SourcePosition } from '../shared/store/log-store.js';
import type { ByteReader } from './log-file.js';

/** The head tells files apart that began differently, the tail tells histories apart that began alike. */
const HEAD_BYTES = 1024;
export const TAIL_BYTES = 256;

const HASH_CHARACTERS = 22;
const EMPTY = Buffer.alloc(0);

/** `1.<hash of the head>.<hash of the tail>.<time of the file's last write in ms, base 36>` */
const MARK = /^1\.([\w-]*)\.([\w-]*)\.([0-9a-z]+)$/;

/** Follows a source and gives the mark of the place it has reached. */
export class MarkTrail {
  #offset: number;
  /** The first bytes of the source until there are enough of them, then their hash. */
  #head: Buffer | string;
  #tail: Buffer;

  private constructor(offset: number, head: Buffer, tail: Buffer) {
    this.#offset = offset;
    this.#head = head.length < HEAD_BYTES ? head : digest(head);
    this.#tail = tail;
  }

  static beginning(): MarkTrail {
    return new MarkTrail(0, EMPTY, EMPTY);
  }

  /** The trail as it is at `offset` of a file; undefined where the file is shorter. */
  static async at(file: ByteReader, offset: number): Promise<MarkTrail | undefined> {
    if (offset === 0) return MarkTrail.beginning();
    const head = Buffer.allocUnsafeSlow(Math.min(HEAD_BYTES, offset));
    if ((await file.read(head, 0)) < head.length) return undefined;
    const tail = Buffer.allocUnsafeSlow(Math.min(TAIL_BYTES, offset));
    if ((await file.read(tail, offset - tail.length)) < tail.length) return undefined;
    return new MarkTrail(offset, head, tail);
  }

  get offset(): number {
    return this.#offset;
  }

  /** The bytes just before the offset, at most `TAIL_BYTES`. */
  get tail(): Buffer {
    return this.#tail;
  }

  /** Moves on over the bytes that follow; they are copied where they are kept. */
  advance(bytes: Buffer): void {
    if (typeof this.#head !== 'string') {
      const head = Buffer.concat([this.#head, bytes.subarray(0, HEAD_BYTES - this.#head.length)]);
      this.#head = head.length < HEAD_BYTES ? head : digest(head);
    }
    const tail = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = Buffer.from(tail.subarray(-TAIL_BYTES));
    this.#offset += bytes.length;
  }

  mark(modifiedNs: bigint): string {
    const head = typeof this.#head === 'string' ? this.#head : digest(this.#head);
    return `1.${head}.${digest(this.#tail)}.${(modifiedNs / 1_000_000n).toString(36)}`;
  }
}

/** Whether a file holds what the source held up to the position. Every file fits the position 0. */
export async function fits(file: ByteReader, position: SourcePosition): Promise<boolean> {
  if (position.offset === 0) return true;
  const stored = MARK.exec(position.mark);
  if (stored === null) return false;
  const trail = await MarkTrail.at(file, position.offset);
  const found = trail === undefined ? null : MARK.exec(trail.mark(0n));
  return found !== null && found[1] === stored[1] && found[2] === stored[2];
}

/**
 * Whether a file that is shorter than the position began like the source: a copy made earlier, with nothing
 * in it that was not read.
 */
export async function beganLike(file: ByteReader, size: number, position: SourcePosition): Promise<boolean> {
  const stored = MARK.exec(position.mark);
  if (stored === null || size < HEAD_BYTES) return false;
  const trail = await MarkTrail.at(file, HEAD_BYTES);
  return trail !== undefined && MARK.exec(trail.mark(0n))?.[1] === stored[1];
}

/** When the source was last written to, as far as the mark tells; 0 where it does not. */
export function markedTimeNs(mark: string): bigint {
  const time = MARK.exec(mark)?.[3];
  return time === undefined ? 0n : BigInt(Number.parseInt(time, 36)) * 1_000_000n;
}

function digest(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url').slice(0, HASH_CHARACTERS);
}
