/**
 * The bytes of a pipe that may be needed again: read by offset like a file's, given back once they are
 * appended. It holds what it is given; whoever fills it watches `heldBytes`.
 */

import type { ByteReader } from '../files/log-file.js';
import { BOM_BYTES_MAX } from '../lines/byte-order-mark.js';

/** The grain in which bytes are given back: what a pipe delivers at a time. */
const PIECE_BYTES = 64 * 1024;

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

export class PipeBuffer implements ByteReader {
  readonly #pieces: Piece[] = [];
  #start = 0;
  #end = 0;
  #heldBytes = 0;
  #head = Buffer.alloc(0);

  /** The first byte that is still there. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The first bytes of the pipe, in which a byte order mark may be; they are kept. */
  get head(): Buffer {
    return this.#head;
  }

  append(bytes: Buffer): void {
    if (this.#end < BOM_BYTES_MAX)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, BOM_BYTES_MAX - this.#end)]);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.#pieces.push({ offset: this.#end, bytes: piece });
      this.#end += piece.length;
      this.#heldBytes += piece.length;
    }
  }

  /** Bytes that were forgotten inside a long line or a hole read as NUL. */
  async read(target: Buffer, offset: number): Promise<number> {
    const length = Math.max(0, Math.min(target.length, this.#end - offset));
    target.fill(0, 0, length);
    for (const piece of this.#pieces) {
      const from = Math.max(offset, piece.offset);
      const to = Math.min(offset + length, piece.offset + piece.bytes.length);
      if (from < to) piece.bytes.copy(target, from - offset, from - piece.offset, to - piece.offset);
    }
    return length;
  }

  /** The bytes before `offset` are not needed any more. */
  release(offset: number): void {
    this.#start = Math.max(this.#start, offset);
    this.#keep(({ offset: at, bytes }) => at + bytes.length > this.#start);
  }

  /** Of a hole, and of a line's bytes over the limit, only the length is needed. */
  forget(from: number, to: number): void {
    this.#keep(({ offset: at, bytes }) => at < from || at + bytes.length > to);
  }

  #keep(isKept: (piece: Piece) => boolean): void {
    const kept = this.#pieces.filter(isKept);
    this.#pieces.splice(0, this.#pieces.length, ...kept);
    this.#heldBytes = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}
