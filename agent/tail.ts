/**
 * Reads whole lines out of one source. Every read begins a little before the place that was reached and
 * compares those bytes with what was read before, so that a file that was cut and has grown again past the
 * place is noticed. It never waits for more bytes, and never moves past a line that has no end yet.
 */
import { BATCH_RAW_BYTES_MAX } from '../shared/protocol/limits.js';
import type { SourcePosition } from '../shared/store/log-store.js';
import { LineScan } from './line-scan.js';
import type { ByteReader, LogFile } from './log-file.js';
import { MarkTrail, type ProvenPlace, provenPlace, TAIL_BYTES } from './mark.js';

/** What one read needs room for. */
export const READ_BUFFER_BYTES = TAIL_BYTES + BATCH_RAW_BYTES_MAX;

/** Behind a line that is over the limit these bytes are read too: they show that it is. */
const BEYOND_LIMIT_BYTES = 4;

export interface Span {
  readonly kind: 'lines';
  readonly from: number;
  readonly to: number;
  /** Whole lines; of a line over the limit only its beginning. Valid until the buffer is used again. */
  readonly bytes: Buffer;
}

export type TailRead =
  | Span
  /** No line ends in the bytes that are left. */
  | { readonly kind: 'end' }
  /** The bytes before the place are not those that were read there. */
  | { readonly kind: 'diverged' };

const NONE = Buffer.alloc(0);
const END = { kind: 'end' } as const;
const DIVERGED = { kind: 'diverged' } as const;

export class Tail {
  readonly #reader: ByteReader;
  readonly #lineBytesMax: number;
  readonly #scan: LineScan;
  /** As it is at the start of the line; undefined for bytes that cannot change and need no mark. */
  #trail: MarkTrail | undefined;
  /** The bytes just before the place that an unfinished line was searched to. */
  #insideLine = NONE;
  /** What the first read must begin with: nothing comes before it that could be compared. */
  #ahead: Buffer;

  private constructor(
    reader: ByteReader,
    lineBytesMax: number,
    offset: number,
    place: ProvenPlace | undefined,
  ) {
    this.#reader = reader;
    this.#lineBytesMax = lineBytesMax;
    this.#scan = new LineScan(offset, BATCH_RAW_BYTES_MAX);
    this.#trail = place?.trail;
    this.#ahead = place?.ahead ?? NONE;
  }

  /** Undefined where the file does not fit the position. */
  static async ofFile(
    file: LogFile,
    lineBytesMax: number,
    position: SourcePosition,
  ): Promise<Tail | undefined> {
    const place = await provenPlace(file, position);
    return place === undefined ? undefined : new Tail(file, lineBytesMax, position.offset, place);
  }

  static ofPipe(reader: ByteReader, lineBytesMax: number, offset: number): Tail {
    return new Tail(reader, lineBytesMax, offset, undefined);
  }

  /** The start of the first line that was not read: all before it was. */
  get offset(): number {
    return this.#scan.lineStart;
  }

  /** How far the source was looked at; beyond the offset lies a line without an end. */
  get searched(): number {
    return this.#scan.searched;
  }

  position(modifiedNs: bigint): SourcePosition {
    return { offset: this.offset, mark: this.#trail?.mark(modifiedNs) ?? '' };
  }

  /** `size` bounds the source; `buffer` holds READ_BUFFER_BYTES. */
  async read(size: number, buffer: Buffer): Promise<TailRead> {
    for (;;) {
      const bytes = await this.#next(size, buffer);
      if (bytes === undefined) {
        if (await this.#isStillInPlace()) continue;
        return DIVERGED;
      }
      if (bytes.length === 0) return END;
      const found = this.#scan.take(bytes);
      if (found.kind === 'lines') return this.#wholeLines(found.from, bytes.subarray(0, found.length));
      if (found.kind === 'long_line') return this.#longLine(found.from, found.to);
      if (found.kind === 'unfinished') this.#rememberInside(bytes);
    }
  }

  /** What was found behind the last line end, as a line, for a source that will not go on. */
  async readRest(): Promise<TailRead> {
    const { lineStart, searched } = this.#scan;
    if (searched === lineStart) return END;
    this.#scan.startLineAt(searched);
    return this.#longLine(lineStart, searched);
  }

  /** The bytes wanted next; undefined where those before them have changed. */
  async #next(size: number, buffer: Buffer): Promise<Buffer | undefined> {
    const { offset, length } = this.#scan.wanted();
    const before = this.#before();
    const start = offset - before.length;
    const wanted = Math.min(offset + length, size) - start;
    if (wanted < before.length) return undefined;
    const filled = await this.#reader.read(buffer.subarray(0, wanted), start);
    const expected = this.#scan.searched === 0 ? this.#ahead : before;
    if (filled < expected.length || !expected.equals(buffer.subarray(0, expected.length))) return undefined;
    return buffer.subarray(before.length, filled);
  }

  #before(): Buffer {
    if (this.#trail === undefined) return this.#insideLine;
    return this.#scan.searched === this.#scan.lineStart ? this.#trail.tail : this.#insideLine;
  }

  /** An unfinished line may be taken back and written anew; then only the search begins again. */
  async #isStillInPlace(): Promise<boolean> {
    if (this.#scan.searched === this.#scan.lineStart || this.#trail === undefined) return false;
    const now = await MarkTrail.at(this.#reader, this.offset);
    if (now?.mark(0n) !== this.#trail.mark(0n)) return false;
    this.#scan.searchAgain();
    return true;
  }

  #rememberInside(bytes: Buffer): void {
    if (this.#trail !== undefined) this.#insideLine = Buffer.from(bytes.subarray(-TAIL_BYTES));
  }

  #wholeLines(from: number, bytes: Buffer): Span {
    this.#trail?.advance(bytes);
    return { kind: 'lines', from, to: from + bytes.length, bytes };
  }

  /** Reads one line on its own, up to the limit; it may be longer than the usual buffer. */
  async #longLine(from: number, to: number): Promise<Span | { kind: 'diverged' }> {
    const bytes = Buffer.allocUnsafeSlow(Math.min(to - from, this.#lineBytesMax + BEYOND_LIMIT_BYTES));
    const filled = await this.#reader.read(bytes, from);
    const trail = this.#trail === undefined ? undefined : await MarkTrail.at(this.#reader, to);
    if (filled < bytes.length || (this.#trail !== undefined && trail === undefined)) return DIVERGED;
    this.#trail = trail;
    return { kind: 'lines', from, to, bytes };
  }
}
