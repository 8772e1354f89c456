/** `tailrace tail`: turns flags and environment into the options of client/tail, which does the rest. */
import type { TailOutput } from '../client/tail/options.js';
import { runTail } from '../client/tail/tail.js';
import { UsageError } from '../shared/errors.js';
import { EXIT, type Shell } from './shell.js';

const DEFAULT_URL = 'ws://127.0.0.1:7700';

export interface TailFlags {
  readonly url?: string;
  readonly token?: string;
  readonly lines?: string;
  readonly since?: string;
  readonly grep?: string[];
  readonly exclude?: string[];
  readonly ignoreCase?: boolean;
  /** Checked by client/tail. */
  readonly output?: TailOutput;
  readonly follow: boolean;
  readonly afterCursor?: string;
  readonly cursorFile?: string;
  readonly showCursor?: boolean;
}

export async function tail(channels: string[], flags: TailFlags, shell: Shell): Promise<number> {
  const token = flags.token ?? shell.env['TAILRACE_TOKEN'];
  if (token === undefined || token === '') {
    throw new UsageError(
      'a token is missing: give --token or TAILRACE_TOKEN (`tailrace token create --help` says how to make one)',
    );
  }
  const url = flags.url ?? (shell.env['TAILRACE_URL'] || DEFAULT_URL);
  const options = { ...flags, url, token, channels, lines: linesOf(flags.lines) };
  const exitCode = await runTail(options, shell);
  return shell.signal.aborted ? EXIT.interrupted : exitCode;
}

/** Whatever is no number becomes NaN, which client/tail refuses with the rule. */
function linesOf(text: string | undefined): number | 'all' | undefined {
  if (text === undefined || text === 'all') return text;
  return text.trim() === '' ? Number.NaN : Number(text);
}
