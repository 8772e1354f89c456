/**
 * Takes secrets out of the text of events before anything leaves the host. Pure. Rules run one after the other,
 * each on what the one before it left. A text in which nothing matches stays the same string.
 */
import type { Pattern, PatternMatch } from '../../shared/pattern.js';
import { LINE_BYTES_MAX } from '../../shared/protocol/limits.js';

export interface RedactRule {
  readonly pattern: Pattern;
  /** In it `$1` to `$9` stand for groups of the match, `$$` for a dollar sign. */
  readonly replacement: string;
  /** Whether a match is what it looks like; every match, where it is left out. */
  isMeant?(text: string): boolean;
}

export interface Redacted {
  readonly text: string;
  readonly replacements: number;
}

/**
 * So much text behind a cut is looked at too: a secret that begins before the cut and ends behind it is
 * recognised as a whole, and nothing is left of it.
 */
export const REDACT_BEYOND_BYTES = 16 * 1024;

/** More than an event may have: a replacement that is longer than what it replaces, many times over. */
const TEXT_CHARACTERS_MAX = 2 * LINE_BYTES_MAX;

const REFERENCE = /\$(?:(\d)|\$)/g;

export class Redaction {
  readonly rules: readonly RedactRule[];

  constructor(rules: readonly RedactRule[]) {
    this.rules = rules;
  }

  /** `limit`: what stands from there on serves recognition only, and goes. */
  apply(text: string, limit = text.length): Redacted {
    const draft: Draft = { text, limit, replacements: 0 };
    for (const rule of this.rules) if (rule.pattern.test(draft.text)) replaceAll(draft, rule);
    return { text: draft.text.slice(0, draft.limit), replacements: draft.replacements };
  }
}

interface Draft {
  text: string;
  limit: number;
  replacements: number;
}

function replaceAll(draft: Draft, { pattern, replacement, isMeant }: RedactRule): void {
  const { text, limit } = draft;
  const pieces: string[] = [];
  let [kept, at, shift, length] = [0, 0, 0, 0];
  for (let match = pattern.find(text, at); match !== undefined; match = pattern.find(text, at)) {
    const { start, end } = match;
    // Past a match that is not meant another may begin inside it; one of nothing replaces nothing.
    const isWanted = start < end && (isMeant === undefined || isMeant(match.group(0)));
    at = isWanted ? end : start + 1;
    if (isWanted) {
      const replaced = expand(replacement, match);
      pieces.push(text.slice(kept, start), replaced);
      length += start - kept + replaced.length;
      kept = end;
      if (start < limit) {
        shift += replaced.length - (Math.min(end, limit) - start);
        draft.replacements++;
      }
    }
    // What grows so long loses its end anyway.
    if (length > TEXT_CHARACTERS_MAX) kept = text.length;
    if (at > text.length || kept === text.length) break;
  }
  draft.text = pieces.join('') + text.slice(kept);
  draft.limit = Math.min(limit + shift, draft.text.length);
}

function expand(replacement: string, match: PatternMatch): string {
  if (!replacement.includes('$')) return replacement;
  return replacement.replace(REFERENCE, (_, digit?: string) =>
    digit === undefined ? '$' : match.group(Number(digit)),
  );
}

/** What is wrong with a replacement for a pattern with so many groups; undefined where nothing is. */
export function replacementProblem(replacement: string, groups: number): string | undefined {
  for (const [reference, digit] of replacement.matchAll(REFERENCE)) {
    if (digit !== undefined && Number(digit) > groups) return `${reference} is not a group of the pattern`;
  }
  return undefined;
}
