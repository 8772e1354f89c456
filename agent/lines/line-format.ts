/**
 * How the bytes of a source become lines: made once for each source rule, carried to whoever reads the rule's
 * files, and never changed.
 */
import type { EventRule } from '../events/event-grouper.js';
import { REDACT_BEYOND_BYTES, type Redaction } from '../redaction/redaction.js';
import type { TextEncoding } from './text-encoding.js';

export interface LineFormat {
  /** Of a source that does not begin with a byte order mark. */
  readonly encoding: TextEncoding;
  /** A line with more bytes in its source loses its end and is flagged. */
  readonly lineBytesMax: number;
  /** How lines are put together to events; absent where each line is one. */
  readonly events?: EventRule;
  /** What is taken out of the text of every event. */
  readonly redaction?: Redaction;
}

/** Shows that a line is over the limit. */
const BEYOND_LIMIT_BYTES = 4;

/** What is read of a line at the most; with redaction, enough to recognise what the limit would cut in two. */
export function lineBytesRead({ lineBytesMax, redaction }: LineFormat): number {
  return lineBytesMax + (redaction === undefined ? BEYOND_LIMIT_BYTES : REDACT_BEYOND_BYTES);
}

/** Whether every line is an event as it is. */
export function isPlain({ events, redaction }: LineFormat): boolean {
  return events === undefined && redaction === undefined;
}
