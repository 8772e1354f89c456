/**
 * Events become the JSON array of a batch where their text is needed as such: lines that are put together, and
 * text that is redacted. Pure. Plain lines take the faster way of line-encoder.ts.
 */
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import { REDACT_BEYOND_BYTES, type Redaction } from '../redaction/redaction.js';
import type { EncodedLines } from './line-encoder.js';
import type { LineFormat } from './line-format.js';
import { type LineText, lineContent, linesOf } from './line-texts.js';
import { characterBoundary, type TextEncoding } from './text-encoding.js';

export interface EventBytes {
  /** Whole lines, the last one with or without its newline. */
  readonly bytes: Buffer;
  readonly encoding: TextEncoding;
  /** Indexes at which events end; where it is left out, each line is one. */
  readonly ends?: readonly number[];
}

interface Event {
  readonly text: string;
  /** What stands from there on is for recognition alone: the event is cut. */
  readonly limit?: number;
}

export function encodeEvents(span: EventBytes, { lineBytesMax, redaction }: LineFormat): EncodedLines {
  const events = new EncodedEvents(lineBytesMax, redaction);
  const { bytes, encoding, ends } = span;
  let lines: string[] = [];
  for (const line of linesOf(bytes, encoding, lineBytesMax)) {
    const { text, limit }: Event = line.isCut ? cutLine(line, span, lineBytesMax) : line;
    lines.push(text);
    if (ends !== undefined && ends[events.count] !== line.to) continue;
    // Only a line by itself is over the limit, and only there is something behind it.
    events.add({ text: lines.length === 1 ? text : lines.join('\n'), ...(limit !== undefined && { limit }) });
    lines = [];
  }
  return events.encoded();
}

/** With what redaction may have to see behind the cut. */
function cutLine({ from, to, text }: LineText, { bytes, encoding }: EventBytes, lineBytesMax: number): Event {
  const whole = bytes.subarray(from, to);
  const line = lineContent(whole, encoding, encoding.firstLineEnd(whole, 0) > 0);
  return { text: encoding.decode(line, lineBytesMax + REDACT_BEYOND_BYTES), limit: text.length };
}

class EncodedEvents {
  readonly #lineBytesMax: number;
  readonly #redaction: Redaction | undefined;
  readonly #texts: string[] = [];
  readonly #cut: number[] = [];
  #redactions = 0;
  /** Replacements may be longer than what they replace: all events of a batch together grow by so much. */
  #growthBytes = BATCH_RAW_BYTES_MAX;

  constructor(lineBytesMax: number, redaction: Redaction | undefined) {
    this.#lineBytesMax = lineBytesMax;
    this.#redaction = redaction;
  }

  get count(): number {
    return this.#texts.length;
  }

  add({ text: whole, limit }: Event): void {
    const { text, replacements } = this.#redaction?.apply(whole, limit) ?? {
      text: whole.slice(0, limit),
      replacements: 0,
    };
    const fitting = replacements === 0 ? text : this.#fitting(text, Buffer.byteLength(whole.slice(0, limit)));
    if (limit !== undefined || fitting !== text) this.#cut.push(this.count);
    this.#texts.push(fitting);
    this.#redactions += replacements;
  }

  encoded(): EncodedLines {
    const json = Buffer.from(JSON.stringify(this.#texts));
    return { json, lines: this.count, cut: this.#cut, redactions: this.#redactions };
  }

  #fitting(text: string, bytesBefore: number): string {
    const bytes = Buffer.from(text);
    const allowed = Math.min(this.#lineBytesMax, bytesBefore + this.#growthBytes);
    const end = characterBoundary(bytes, allowed);
    this.#growthBytes -= Math.max(0, end - bytesBefore);
    return end === bytes.length ? text : bytes.toString('utf8', 0, end);
  }
}
