/** `tailrace tail`: turns flags and environment into the options of client/tail, which does the rest. */
import type { Command } from 'commander';
import type { TailOutput } from '../client/tail/options.js';
import { runTail } from '../client/tail/tail.js';
import { UsageError } from '../shared/errors.js';
import { EXIT, type Run, type Shell } from './shell.js';

export const DEFAULT_URL = 'ws://127.0.0.1:7700';

interface TailFlags {
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

export function addTail(program: Command, shell: Shell, run: Run): void {
  program
    .command('tail')
    .summary('show the lines of channels as they arrive')
    .description(
      'Shows the lines of channels as they arrive. Lines go to stdout, notices to stderr; a lost connection is\n' +
        'taken up again where it broke off.',
    )
    .argument('<channel...>', 'channels, or patterns such as "web/*" and "**"')
    .option('-n, --lines <count>', 'begin with the last lines of each channel, or "all" (default: 10)')
    .option('--since <time>', 'begin at a time: 10m, 2h, 2026-03-01T12:00:00Z or ms since 1970')
    .option('-g, --grep <regexp>', 'only lines that match; may be repeated', collect)
    .option('-v, --exclude <regexp>', 'no lines that match; may be repeated', collect)
    .option('-i, --ignore-case', 'for --grep and --exclude')
    .option('-o, --output <form>', 'default, raw or json')
    .option('--no-follow', 'end once everything that is there has been shown')
    .option('--after-cursor <cursor>', 'continue one channel after a cursor')
    .option('--cursor-file <file>', 'continue from the cursors in a file, and keep them there')
    .option('--show-cursor', 'at the end show the cursor of each channel, on stderr')
    .option('--url <url>', `the hub (or TAILRACE_URL; default: ${DEFAULT_URL})`)
    .option('--token <token>', 'the token (or TAILRACE_TOKEN, which other users of the host cannot see)')
    .action(run((channels: string[], flags: TailFlags) => tail(channels, flags, shell)));
}

async function tail(channels: string[], flags: TailFlags, shell: Shell): Promise<number> {
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

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
