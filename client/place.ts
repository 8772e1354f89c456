/**
 * Where a client stands in one channel, and the check that nothing was left out: the first line after a place
 * has the number that the place expects, or a gap says why not. Pure. A message is admitted and gives the
 * next place, or it is a fault and the place stays where it is: resuming there loses nothing.
 */
import { type HubMessageOf, parseCursor } from '../shared/protocol/index.js';
import type { Fault } from './incoming.js';

export interface Place {
  readonly cursor: string;
  /** The number of the next line; undefined for a cursor of a form that this version does not know. */
  readonly nextSeq: number | undefined;
}

export function placeOf(cursor: string): Place {
  return { cursor, nextSeq: parseCursor(cursor)?.seq };
}

export function admitLines(
  place: Place,
  { channel, seq, lines, cursor }: HubMessageOf<'lines'>,
): Place | Fault {
  if (place.nextSeq !== undefined && seq !== place.nextSeq) {
    return { fault: `line ${seq} of ${channel} where line ${place.nextSeq} was to come` };
  }
  return { cursor, nextSeq: seq + lines.length };
}

/** A gap must begin at or before the expected line, and end where delivery goes on. */
export function admitGap(place: Place, gap: HubMessageOf<'gap'>): Place | Fault {
  const { channel, reason, from, to, seq, cursor } = gap;
  if (from !== null && place.nextSeq !== undefined && from > place.nextSeq) {
    return { fault: `a gap of ${channel} from line ${from} where line ${place.nextSeq} was to come` };
  }
  const goesOnAt = reason === 'rewound' ? from : to === null ? null : to + 1;
  if (goesOnAt !== null && goesOnAt !== seq) {
    return { fault: `a gap of ${channel} that goes on at line ${seq} and not at line ${goesOnAt}` };
  }
  return { cursor, nextSeq: seq };
}
