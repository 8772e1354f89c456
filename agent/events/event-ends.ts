/** Where the events of a span of lines end, as indexes. Pure: the same lines from the same start end alike. */

import { type LineText, linesOf } from '../lines/line-texts.js';
import type { TextEncoding } from '../lines/text-encoding.js';
import { EventGrouper, type EventRule } from './event-grouper.js';

/** `bytes` are lines, the last one with or without its newline; an event begins where they do. */
export function eventEnds(
  bytes: Buffer,
  encoding: TextEncoding,
  rule: EventRule,
  /** Whether the event that is open behind the last line is over too. */
  isOver: boolean,
): number[] {
  const grouper = new EventGrouper(rule);
  const lines = [...linesOf(bytes, encoding, bytes.length)];
  const ends: number[] = [];
  for (let index = 0; index < lines.length; index++) {
    const { text, from, to } = lines[index] as LineText;
    let end = grouper.take(text, from, to);
    if (end === undefined && isOver && to === bytes.length) end = grouper.close();
    if (end === undefined) continue;
    ends.push(end);
    // An event may be over some lines before the one that shows it: those are looked at anew.
    while (index >= 0 && (lines[index] as LineText).to > end) index--;
  }
  return ends;
}
