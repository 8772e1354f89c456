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

/** `1.<length of the head>.<its hash>.<hash of the tail>.<time of the last write in ms>`, numbers in base 36. */
const MARK = /^1\.([0-9a-z]+)\.([\w-]*)\.([\w-]*)\.([0-9a-z]+)$/;

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

  /** `head` and `tail` are the source's first bytes and those before the offset, as many as there are. */
  static of(offset: number, head: Buffer, tail: Buffer): MarkTrail {
    return new MarkTrail(offset, head.subarray(0, offset), tail);
  }

  /** The trail as it is at `offset` of a file; undefined where the file is shorter. */
  static async at(file: ByteReader, offset: number): Promise<MarkTrail | undefined> {
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
    return format(Math.min(HEAD_BYTES, this.#offset), head, digest(this.#tail), modifiedNs);
  }
}

/**
 * The mark of a source of which nothing was read: of what is in the file already, so that a file that is
 * replaced before its first line is appended is recognised too.
 */
export async function markOfUnread(file: ByteReader, size: number, modifiedNs: bigint): Promise<string> {
  const head = Buffer.allocUnsafeSlow(Math.min(HEAD_BYTES, size));
  const length = await file.read(head, 0);
  return format(length, digest(head.subarray(0, length)), '', modifiedNs);
}

/** The same for a file that has grown; undefined where it is not the one that `mark` was made of. */
export async function strongerMark(
  file: ByteReader,
  mark: string,
  size: number,
  modifiedNs: bigint,
): Promise<string | undefined> {
  const weaker = parse(mark);
  const head = Buffer.allocUnsafeSlow(Math.min(HEAD_BYTES, size));
  if (weaker === undefined || (await file.read(head, 0)) < Math.max(head.length, weaker.headBytes))
    return undefined;
  if (digest(head.subarray(0, weaker.headBytes)) !== weaker.head) return undefined;
  return format(head.length, digest(head), '', modifiedNs);
}

/** Whether a file holds what the source held up to the position, as far as its mark tells. */
export async function fits(file: ByteReader, position: SourcePosition): Promise<boolean> {
  return (await provenPlace(file, position)) !== undefined;
}

/** A place in a file that was found to fit, with the bytes that proved it: the file may change any time. */
export interface ProvenPlace {
  readonly trail: MarkTrail;
  /** Bytes that are known to follow: of a source of which nothing was read, what its mark was made of. */
  readonly ahead: Buffer;
}

/** The position's place in a file; undefined where the file does not fit the position. */
export async function provenPlace(
  file: ByteReader,
  { offset, mark }: SourcePosition,
): Promise<ProvenPlace | undefined> {
  const stored = parse(mark);
  if (stored === undefined && offset > 0) return undefined;
  const head = Buffer.allocUnsafeSlow(stored?.headBytes ?? 0);
  if ((await file.read(head, 0)) < head.length) return undefined;
  if (stored !== undefined && digest(head) !== stored.head) return undefined;
  const tail = Buffer.allocUnsafeSlow(Math.min(TAIL_BYTES, offset));
  if ((await file.read(tail, offset - tail.length)) < tail.length) return undefined;
  if (offset > 0 && digest(tail) !== stored?.tail) return undefined;
  return { trail: MarkTrail.of(offset, head, tail), ahead: offset > 0 ? EMPTY : head };
}

/** Whether a file that fits the position is shown to be the source by more than its device and inode. */
export function isEvidence({ offset, mark }: SourcePosition): boolean {
  return offset > 0 || (parse(mark)?.headBytes ?? 0) > 0;
}

/**
 * Whether a file that is shorter than the position began like the source: a copy made earlier, with nothing
 * in it that was not read.
 */
export async function beganLike(file: ByteReader, size: number, position: SourcePosition): Promise<boolean> {
  const stored = parse(position.mark);
  if (stored?.headBytes !== HEAD_BYTES || size < HEAD_BYTES) return false;
  return fits(file, { offset: 0, mark: position.mark });
}

/** When the source was last written to, as far as the mark tells; 0 where it does not. */
export function markedTimeNs(mark: string): bigint {
  return BigInt(parse(mark)?.modifiedMs ?? 0) * 1_000_000n;
}

interface Mark {
  readonly headBytes: number;
  readonly head: string;
  readonly tail: string;
  readonly modifiedMs: number;
}

function format(headBytes: number, head: string, tail: string, modifiedNs: bigint): string {
  return `1.${headBytes.toString(36)}.${head}.${tail}.${(modifiedNs / 1_000_000n).toString(36)}`;
}

function parse(mark: string): Mark | undefined {
  const match = MARK.exec(mark);
  if (match === null) return undefined;
  const [, headBytes, head, tail, modifiedMs] = match as unknown as [string, string, string, string, string];
  return {
    headBytes: Math.min(HEAD_BYTES, Number.parseInt(headBytes, 36)),
    ...{ head, tail },
    modifiedMs: Number.parseInt(modifiedMs, 36),
  };
}

function digest(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url').slice(0, HASH_CHARACTERS);
}
