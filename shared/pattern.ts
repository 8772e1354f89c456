/**
 * A pattern in RE2 syntax: compiled once, and matched in time that grows with the text alone, whatever the
 * pattern is. It never falls back to the engine of the language, and knows nothing of what is matched.
 */
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** Loaded with the first pattern: it takes a megabyte, and most programs have none. */
type Engine = typeof import('re2js');
const require = createRequire(import.meta.url);
const engine = (): Engine => require('re2js');

/** Characters of a pattern; a longer one is a mistake. */
const PATTERN_CHARACTERS_MAX = 2_000;

const BEYOND_RE2: readonly (readonly [what: RegExp, name: string])[] = [
  [/\(\?<?[=!]/, 'look-around such as (?=…) or (?<!…)'],
  [/\\(?:[1-9]|k<)/, 'back-references such as \\1'],
  [/\(\?>|[*+?}]\+/, 'atomic groups and possessive quantifiers'],
];

/** Says what is wrong without quoting the pattern: what is to be redacted may be a secret itself. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  /** The text of a group, 0 for the whole match; empty for one that took no part. */
  group(index: number): string;
}

export class Pattern {
  /** Patterns of the same source are the same. */
  readonly source: string;
  readonly #compiled: RE2JS;

  private constructor(source: string, compiled: RE2JS) {
    this.source = source;
    this.#compiled = compiled;
  }

  /** Throws a `PatternError`. */
  static compile(source: string): Pattern {
    if (source.length > PATTERN_CHARACTERS_MAX)
      throw new PatternError(`is longer than ${PATTERN_CHARACTERS_MAX} characters`);
    try {
      return new Pattern(source, engine().RE2JS.compile(source));
    } catch (error) {
      throw new PatternError(problemOf(source, error), { cause: error });
    }
  }

  get groups(): number {
    return this.#compiled.groupCount();
  }

  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** The first match that begins at `from` or later. */
  find(text: string, from: number): PatternMatch | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    return { start: matcher.start(), end: matcher.end(), group: (index) => matcher.group(index) ?? '' };
  }
}

function problemOf(source: string, error: unknown): string {
  const beyond = BEYOND_RE2.find(([what]) => what.test(source));
  if (beyond !== undefined) return `is not in RE2 syntax, which has no ${beyond[1]}`;
  const why = error instanceof engine().RE2JSSyntaxException ? `: ${error.getDescription()}` : '';
  return `is not in RE2 syntax${why}`;
}
