/**
 * What `tailrace tail` is asked to do, as plain values: no flags are parsed and no environment is read here.
 * `tailPlan` checks all of it at once and turns it into what the run needs.
 */
import { messageOf, UsageError } from '../../shared/errors.js';
import {
  compileChannelPatterns,
  type From,
  hasWildcard,
  isChannelPattern,
  parseCursor,
  TAIL_LINES_MAX,
} from '../../shared/protocol/index.js';
import { hubUrl } from '../socket.js';
import type { TokenSource } from '../token.js';
import { compileLineFilter, type LineFilter } from './grep.js';
import { parseSince } from './since.js';

export const TAIL_OUTPUTS = ['default', 'raw', 'json'] as const;
export type TailOutput = (typeof TAIL_OUTPUTS)[number];

/** Lines of each channel that are shown first when nothing else is asked for, like tail(1). */
export const TAIL_LINES_DEFAULT = 10;

export interface TailOptions {
  /** Such as `ws://127.0.0.1:7700`; without a path the hub's own is taken. */
  readonly url: string;
  readonly token: string | TokenSource;
  /** Channels and patterns; at least one. */
  readonly channels: readonly string[];
  /** `-n`: the last lines of each channel, or `all` of them. Default 10. Not together with `since`. */
  readonly lines?: number | 'all' | undefined;
  /** `--since`: RFC 3339, milliseconds since 1970, or how long ago (`90s`, `10m`, `2h`, `1d`). */
  readonly since?: string | undefined;
  /** `-g`: only lines that match one of these regular expressions. */
  readonly grep?: readonly string[] | undefined;
  /** `-v`: without lines that match one of these. */
  readonly exclude?: readonly string[] | undefined;
  /** `-i`: for both. */
  readonly ignoreCase?: boolean | undefined;
  readonly output?: TailOutput | undefined;
  /** `--no-follow`: false ends the run once everything that was there has been shown. Default true. */
  readonly follow?: boolean | undefined;
  /** `--after-cursor`: continue there; for exactly one channel, not a pattern. */
  readonly afterCursor?: string | undefined;
  /** `--cursor-file`: continue from the cursors in it where it exists, and keep them there. */
  readonly cursorFile?: string | undefined;
  /** `--show-cursor`: at the end one line `-- cursor: …` for each channel, on stderr. */
  readonly showCursor?: boolean | undefined;
}

export interface TailPlan {
  readonly url: string;
  readonly token: string | TokenSource;
  readonly channels: readonly string[];
  /** Where a channel without a cursor of its own starts. */
  readonly from: From;
  readonly keeps: LineFilter;
  readonly output: TailOutput;
  readonly follow: boolean;
  readonly cursorFile: string | undefined;
  readonly showCursor: boolean;
}

/** Throws a `UsageError` that names the flag and the rule. */
export function tailPlan(options: TailOptions, nowMs: number): TailPlan {
  checkChannels(options.channels);
  return {
    url: checkUrl(options.url),
    token: options.token,
    channels: withoutCovered([...new Set(options.channels)]),
    from: startOf(options, nowMs),
    keeps: compileLineFilter(options),
    output: checkOutput(options.output ?? 'default'),
    follow: options.follow ?? true,
    cursorFile: options.cursorFile,
    showCursor: options.showCursor ?? false,
  };
}

function checkUrl(text: string): string {
  try {
    return hubUrl(text);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

function checkChannels(channels: readonly string[]): void {
  if (channels.length === 0) {
    throw new UsageError('name at least one channel or pattern, such as "web/access" or "web/**"');
  }
  for (const channel of channels) {
    if (isChannelPattern(channel)) continue;
    throw new UsageError(
      `${JSON.stringify(channel)} is neither a channel nor a pattern: up to 8 segments of letters, digits, ` +
        '".", "_" and "-" joined by "/", with "*" inside a segment and "**" as the last one',
    );
  }
}

/** A channel that one of the patterns matches comes with it; asking twice would show it once anyway. */
function withoutCovered(names: readonly string[]): string[] {
  const matches = compileChannelPatterns(names.filter(hasWildcard));
  return names.filter((name) => hasWildcard(name) || !matches(name));
}

function startOf({ channels, lines, since, afterCursor, cursorFile }: TailOptions, nowMs: number): From {
  if (afterCursor !== undefined) {
    if (lines !== undefined || since !== undefined || cursorFile !== undefined) {
      throw new UsageError(
        '--after-cursor says where to start: leave out --lines, --since and --cursor-file',
      );
    }
    return afterOneCursor(channels, afterCursor);
  }
  if (since !== undefined) {
    if (lines !== undefined) throw new UsageError('--lines and --since exclude each other: use one of them');
    return { since: parseSince(since, nowMs) };
  }
  return lines === 'all' ? 'start' : { tail: checkLines(lines ?? TAIL_LINES_DEFAULT) };
}

function afterOneCursor(channels: readonly string[], cursor: string): From {
  if (channels.length !== 1 || channels.some(hasWildcard)) {
    throw new UsageError('--after-cursor continues one channel: name exactly one, or use --cursor-file');
  }
  if (parseCursor(cursor) === undefined) {
    throw new UsageError('--after-cursor is not a cursor: copy it whole from --show-cursor or --output json');
  }
  return { cursor };
}

function checkLines(lines: number): number {
  if (Number.isSafeInteger(lines) && lines >= 0 && lines <= TAIL_LINES_MAX) return lines;
  throw new UsageError(`--lines must be a whole number from 0 to ${TAIL_LINES_MAX}, or "all"`);
}

function checkOutput(output: string): TailOutput {
  const known = TAIL_OUTPUTS.find((name) => name === output);
  if (known !== undefined) return known;
  throw new UsageError(`--output must be one of ${TAIL_OUTPUTS.join(', ')}`);
}
