/**
 * Reads whole lines out of one source. Every read begins a little before the place that was reached and
 * compares those bytes with what was read before, so that a file that was cut and has grown again past the
 * place is noticed. It never waits for more bytes, and never moves past a line that has no end yet.
 */
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { SourcePosition } from '../../shared/store/log-store.js';
import { eventEnds } from '../events/event-ends.js';
import type { EventRule } from '../events/event-grouper.js';
import { bytesAt } from '../files/file-head.js';
import type { ByteReader } from '../files/log-file.js';
import { type MarkedLook, provenPlace } from '../files/mark.js';
import { HOLE_BYTES_MIN, leadingNuls, trailingNuls } from '../files/nuls.js';
import type { PipeBuffer } from '../pipes/pipe-buffer.js';
import { BEFORE_BYTES_MAX, Footing } from './footing.js';
import { type LineFormat, lineBytesRead } from './line-format.js';
import { type Found, LineScan } from './line-scan.js';
import { SourceEncoding } from './source-encoding.js';
import type { TextEncoding } from './text-encoding.js';

/** What one read needs room for. */
export const READ_BUFFER_BYTES = BEFORE_BYTES_MAX + BATCH_RAW_BYTES_MAX;

/** After so many bytes without a line, a long line's or a hole's, the reader lets its caller look around. */
const SEARCH_BYTES_MAX = 64 * 1024 * 1024;

export interface Span {
  readonly kind: 'lines';
  /** What lies before the first line's text, a hole or a byte order mark, belongs to the span. */
  readonly from: number;
  readonly to: number;
  /** Whole lines; of a line over the limit only its beginning. Valid until the buffer is used again. */
  readonly bytes: Buffer;
  readonly encoding: TextEncoding;
  /** Indexes at which events end; where it is left out, each line is one. */
  readonly ends?: readonly number[];
}

/** What is known of the bytes that will follow: any may, none has come for a while, none ever will. */
export type Outlook = 'grows' | 'rests' | 'ended';

/** What one read may look at and take. */
export interface ReadBounds {
  /** Nothing is read beyond it; the source's size, where it is left out. */
  readonly end?: number;
  readonly outlook?: Outlook;
  /** Of several events only the first is taken. */
  readonly isSingle?: boolean;
}

export type TailRead =
  | Span
  /** No line ends in the bytes that are left. */
  | { readonly kind: 'end' }
  /** No line was found yet, and there is more to search. */
  | { readonly kind: 'more' }
  /** The bytes before the place are not those that were read there. */
  | { readonly kind: 'diverged' };

type Lines = Extract<Found, { kind: 'lines' }>;
type LongLine = Omit<Extract<Found, { kind: 'long_line' }>, 'kind'>;

const NONE = Buffer.alloc(0);
const NUL = Buffer.alloc(1);
const END = { kind: 'end' } as const;
const MORE = { kind: 'more' } as const;
const DIVERGED = { kind: 'diverged' } as const;

export class Tail {
  readonly #reader: ByteReader;
  readonly #format: LineFormat;
  readonly #scan: LineScan;
  readonly #encoding: SourceEncoding;
  readonly #footing: Footing;
  /** Bytes behind the place searched to, of a code unit that is not whole yet. */
  #raggedBytes = 0;
  #isEventOpen = false;

  /** `head`: the first bytes of the source, where the offset is behind them. */
  private constructor(
    reader: ByteReader,
    format: LineFormat,
    offset: number,
    footing: Footing,
    head: Buffer,
  ) {
    this.#reader = reader;
    this.#format = format;
    this.#scan = new LineScan(offset);
    this.#footing = footing;
    this.#encoding = new SourceEncoding(format.encoding);
    if (offset > 0) this.#encoding.decide(head);
  }

  /** Undefined where the file does not fit the position. */
  static async ofFile(
    file: ByteReader,
    format: LineFormat,
    position: SourcePosition,
  ): Promise<Tail | undefined> {
    const place = await provenPlace(file, position);
    if (place === undefined) return undefined;
    const { hole, head } = place;
    const tail = new Tail(file, format, position.offset, new Footing(place), hole > 0 ? NUL : head);
    if (position.offset === 0) tail.#skipHole(hole);
    return tail;
  }

  static ofPipe(pipe: PipeBuffer, format: LineFormat, offset: number): Tail {
    return new Tail(pipe, format, offset, new Footing(undefined), pipe.head);
  }

  /** The start of the first line that was not read: all before it was. */
  get offset(): number {
    return this.#scan.lineStart;
  }

  /** Where the text of that line begins: behind a hole, if there is one. */
  get textOffset(): number {
    return this.#scan.textStart;
  }

  /** How far the source was looked at; beyond the offset lies a line without an end. */
  get searched(): number {
    return this.#scan.searched;
  }

  /** Whether whole lines were left for later, since the next one may belong to their event. */
  get isEventOpen(): boolean {
    return this.#isEventOpen;
  }

  /** `look`: how the source is now. */
  position(look: MarkedLook): SourcePosition {
    return this.#footing.positionAt(this.offset, look);
  }

  /** `size` is the source's, `buffer`, mostly of READ_BUFFER_BYTES, bounds one read and one span. */
  async read(size: number, buffer: Buffer, bounds: ReadBounds = {}): Promise<TailRead> {
    const { end = size, outlook = 'grows', isSingle = false } = bounds;
    this.#isEventOpen = false;
    await this.#lookIntoHole();
    for (let searchedBytes = 0; searchedBytes < SEARCH_BYTES_MAX; ) {
      const isLast = this.#scan.searched + buffer.length - BEFORE_BYTES_MAX >= end;
      const bytes = await this.#next(size, buffer, end);
      if (bytes === undefined) {
        if (await this.#isStillInPlace()) continue;
        return DIVERGED;
      }
      if (bytes.length === 0) return END;
      const found = this.#scan.take(bytes, this.#encoding.current, buffer.length - BEFORE_BYTES_MAX);
      if (found.kind === 'lines') {
        const span = this.#wholeLines(found, bytes, isLast ? outlook : undefined, isSingle);
        if (span !== undefined || this.#isEventOpen) return span ?? END;
      }
      this.#footing.searched(found.kind === 'unfinished' ? bytes : this.#skippedNuls());
      if (found.kind === 'long_line') return this.#longLine(found);
      searchedBytes += bytes.length;
    }
    return MORE;
  }

  /** What was found behind the last line end, as a line, for a source that will not go on. */
  async readRest(): Promise<TailRead> {
    const { lineStart: from, textStart: textFrom, textEnd, searched } = this.#scan;
    const to = textEnd < searched ? textEnd : searched + this.#raggedBytes;
    if (to <= textFrom) return END;
    this.#scan.startLineAt(to);
    return this.#longLine({ from, textFrom, to });
  }

  /** Of a source of which nothing was read; its mark tells how long the hole is. */
  #skipHole(length: number): void {
    const { encoding } = this.#format;
    this.#scan.skipNuls(length - (length % encoding.unitBytes));
    this.#footing.searched(this.#skippedNuls());
  }

  /** A program may reserve room and fill it later: then a hole without anything behind it has become text. */
  async #lookIntoHole(): Promise<void> {
    const { from, to } = this.#scan.openHole;
    if (from === to || !this.#footing.isNeeded) return;
    const bytes = await bytesAt(this.#reader, from, this.#encoding.current.unitBytes);
    if (leadingNuls(bytes) < bytes.length) this.#scan.searchAgain();
  }

  /** The bytes wanted next; undefined where those before them have changed. */
  async #next(size: number, buffer: Buffer, end: number): Promise<Buffer | undefined> {
    const offset = this.#scan.searched;
    const before = this.#footing.before(offset === this.#scan.lineStart);
    const start = offset - before.length;
    const wanted = Math.min(offset + buffer.length - BEFORE_BYTES_MAX, end) - start;
    if (wanted < before.length) return undefined;
    const filled = await this.#reader.read(buffer.subarray(0, wanted), start);
    if (filled < before.length || !before.equals(buffer.subarray(0, before.length))) return undefined;
    const bytes = buffer.subarray(before.length, filled);
    if (!this.#footing.accepts(bytes, offset, size)) return undefined;
    return this.#wholeUnits(offset === 0 ? this.#text(bytes) : bytes);
  }

  /** The first bytes of the source without a byte order mark; nothing as long as that is not clear. */
  #text(bytes: Buffer): Buffer {
    if (!this.#encoding.decide(bytes)) return NONE;
    const mark = this.#encoding.markAt(0);
    this.#scan.skip(mark.length);
    this.#footing.searched(mark);
    return bytes.subarray(mark.length);
  }

  #wholeUnits(bytes: Buffer): Buffer {
    this.#raggedBytes = bytes.length % this.#encoding.current.unitBytes;
    return bytes.subarray(0, bytes.length - this.#raggedBytes);
  }

  /** An unfinished line may be taken back and written anew; then only the search begins again. */
  async #isStillInPlace(): Promise<boolean> {
    const { searched, lineStart } = this.#scan;
    if (searched === lineStart || !(await this.#footing.isKept(this.#reader))) return false;
    this.#scan.searchAgain();
    return true;
  }

  /** What lies before the text of the line, as far as it is compared. */
  #skippedNuls(): Buffer {
    const { lineStart, textStart } = this.#scan;
    return Buffer.alloc(
      Math.min(BEFORE_BYTES_MAX, textStart - lineStart - this.#encoding.markAt(lineStart).length),
    );
  }

  /** `outlook`: undefined where there is more to read behind the bytes. */
  #wholeLines(
    lines: Lines,
    bytes: Buffer,
    outlook: Outlook | undefined,
    isSingle: boolean,
  ): Span | undefined {
    const { from, textFrom, start, end } = lines;
    const found = this.#format.events && this.#eventEnds(lines, bytes, this.#format.events, outlook);
    const ends = isSingle ? found?.slice(0, 1) : found;
    const length = ends === undefined ? end - start : (ends.at(-1) ?? 0);
    if (ends !== undefined) this.#scan.startLineAt(length === 0 ? from : textFrom + length);
    if (length === 0) return this.#leaveOpen(lines);
    const mark = this.#encoding.markAt(from);
    const taken = bytes.subarray(start, start + length);
    this.#footing.advance(mark, textFrom - from - mark.length, taken);
    const span = { from, to: textFrom + length, bytes: taken, encoding: this.#encoding.current };
    return { kind: 'lines', ...span, ...(ends && { ends }) };
  }

  /** Takes nothing. Behind a hole the next read has more room for the event. */
  #leaveOpen({ from, textFrom, start }: Lines): undefined {
    this.#scan.skip(textFrom - from);
    this.#isEventOpen = start === 0;
    if (this.#isEventOpen) this.#footing.searched(this.#skippedNuls());
  }

  #eventEnds({ start, end }: Lines, bytes: Buffer, rule: EventRule, outlook: Outlook | undefined): number[] {
    const encoding = this.#encoding.current;
    const isTorn = encoding.lastLineEnd(bytes) !== end;
    // A source that has ended has a last line, with or without its newline.
    const isWhole = outlook === 'ended' && !isTorn && trailingNuls(bytes) < HOLE_BYTES_MIN;
    const lines = bytes.subarray(start, isWhole ? bytes.length : end);
    const ends = eventEnds(lines, encoding, rule, isTorn || outlook === 'rests' || outlook === 'ended');
    // An event that fills a whole read is as long as an event can be.
    const isFull = ends.length === 0 && outlook === undefined && start === 0;
    return isFull ? eventEnds(lines, encoding, rule, true).slice(0, 1) : ends;
  }

  /** Reads one line on its own, up to the limit; it may be longer than the usual buffer. */
  async #longLine({ from, textFrom, to }: LongLine): Promise<Span | { kind: 'diverged' }> {
    const wanted = Math.min(to - textFrom, lineBytesRead(this.#format));
    const bytes = await bytesAt(this.#reader, textFrom, wanted);
    const hole = from === 0 && this.#encoding.markAt(0).length === 0 ? textFrom : 0;
    if (!(await this.#footing.jump(this.#reader, to, hole)) || bytes.length < wanted) return DIVERGED;
    return { kind: 'lines', from, to, bytes, encoding: this.#encoding.current };
  }
}
