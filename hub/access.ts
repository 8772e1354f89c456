/**
 * Rights: what a token grants against what a client asks for. Pure, and without any look at the store, so that
 * a refusal is the same whether a channel exists or not.
 */
import { type ChannelMatcher, compileChannelPatterns } from '../shared/protocol/channel.js';

const REST = '**';

export interface ReadAccess {
  /** Whether lines of this channel may be delivered. */
  readonly allows: ChannelMatcher;
  /** Whether a channel could exist that the request and the grant both match. */
  mayMatch(request: string): boolean;
}

/** `grants` are valid patterns of one tenant's channels. */
export function compileReadAccess(grants: readonly string[]): ReadAccess {
  return {
    allows: compileChannelPatterns(grants),
    mayMatch: (request) => grants.some((grant) => overlaps(request.split('/'), grant.split('/'))),
  };
}

function overlaps(a: readonly string[], b: readonly string[]): boolean {
  const [headA, ...restA] = a;
  const [headB, ...restB] = b;
  if (headA === REST) return headB !== undefined;
  if (headB === REST) return headA !== undefined;
  if (headA === undefined || headB === undefined) return headA === headB;
  return segmentsOverlap(headA, headB) && overlaps(restA, restB);
}

/** Whether two globs (literals and `*`) have a common text: the classic table, row by row. */
function segmentsOverlap(a: string, b: string): boolean {
  let row = startRow(b);
  for (const character of a) {
    const next = [character === '*' && row[0] === true];
    for (let column = 1; column <= b.length; column += 1) {
      next.push(cellOverlaps(character, b[column - 1], row, next, column));
    }
    row = next;
  }
  return row[b.length] === true;
}

/** An empty text agrees with the stars that `b` begins with. */
function startRow(b: string): boolean[] {
  const stars = b.length - b.replace(/^\*+/, '').length;
  return Array.from({ length: b.length + 1 }, (_, column) => column <= stars);
}

function cellOverlaps(
  ofA: string,
  ofB: string | undefined,
  above: readonly boolean[],
  left: readonly boolean[],
  column: number,
): boolean {
  const isAbove = above[column] === true;
  const isLeft = left[column - 1] === true;
  if (ofA === '*' || ofB === '*') return isAbove || isLeft;
  return ofA === ofB && above[column - 1] === true;
}
