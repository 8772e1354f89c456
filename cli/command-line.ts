/**
 * The command line as a whole: runs one command, and turns an error into one sentence on stderr and an exit
 * code. The commands themselves are in commands.ts.
 */
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { ConfigError, messageOf, TailraceError, UsageError } from '../shared/errors.js';
import { addCommands, type Run } from './commands.js';
import { EXIT, type Shell } from './shell.js';

const { version } = createRequire(import.meta.url)('tailrace/package.json') as { version: string };

export interface CommandLineOptions {
  /** Show stacks and causes of errors, not only their sentence. */
  readonly isDebugging: boolean;
}

/** Runs one command and returns the exit code; never throws. */
export async function runCommandLine(
  args: readonly string[],
  shell: Shell,
  { isDebugging }: CommandLineOptions,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const run: Run =
    (action) =>
    async (...params) => {
      exitCode = await action(...params);
    };
  try {
    await createProgram(shell, run, args).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
    shell.stderr.write(`tailrace: ${isDebugging ? inspect(error) : sentenceOf(error, args)}\n`);
    return exitCodeFor(error);
  }
}

/** Without `parse`: what there is to call, for a program that only looks at it. */
export function createProgram(shell: Shell, run: Run, args: readonly string[] = []): Command {
  const program = new Command('tailrace')
    .description('Tails files into a log store and streams them to WebSocket clients that resume by cursor.')
    .version(version)
    .option('--debug', 'show debug notices, and stacks of errors (or TAILRACE_DEBUG=1)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void shell.stdout.write(text),
      writeErr: (text) => void shell.stderr.write(text),
      // Said once, by runCommandLine, in the same form as any other error.
      outputError: () => {},
    })
    .exitOverride();
  addCommands(program, shell, run, args);
  return program;
}

function sentenceOf(error: unknown, args: readonly string[]): string {
  if (error instanceof CommanderError) {
    // A flag that is not ours, then, may be the command's.
    const isOfCommand = error.code === 'commander.unknownOption' && args.includes('--exec');
    return usageSentence(error.message, isOfCommand ? 'put -- before the command of --exec' : undefined);
  }
  if (error instanceof TailraceError) return error.message;
  return `${messageOf(error)} (unexpected; --debug shows where it came from)`;
}

/** Commander starts its sentences with `error: ` and puts a suggestion, where it has one, on the next line. */
function usageSentence(message: string, advice = '--help lists what there is'): string {
  const [problem, suggestion = `(${advice})`] = message.replace(/^error: /, '').split('\n');
  return `${problem} ${suggestion}`;
}

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError || error instanceof UsageError) return EXIT.usage;
  return error instanceof ConfigError ? EXIT.config : EXIT.failure;
}
