/** Which lines `tailrace tail` shows: `--grep`, `--exclude` and `--ignore-case`. Pure. */
import { messageOf, UsageError } from '../../shared/errors.js';

export type LineFilter = (line: string) => boolean;

export interface LineFilterOptions {
  readonly grep?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly ignoreCase?: boolean | undefined;
}

/**
 * Regular expressions of JavaScript: they are the user's own and run in the user's own process, so one that
 * backtracks for ever harms nobody else. Throws a `UsageError` that quotes a pattern that does not compile.
 */
export function compileLineFilter({
  grep = [],
  exclude = [],
  ignoreCase = false,
}: LineFilterOptions): LineFilter {
  const flags = ignoreCase ? 'i' : '';
  const wanted = grep.map((source) => compile('--grep', source, flags));
  const unwanted = exclude.map((source) => compile('--exclude', source, flags));
  if (wanted.length === 0 && unwanted.length === 0) return () => true;
  return (line) =>
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(line))) &&
    !unwanted.some((pattern) => pattern.test(line));
}

function compile(flag: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new UsageError(`${flag} ${JSON.stringify(source)} is no regular expression: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
