#!/usr/bin/env node
/**
 * The `tailrace` command: the one place that reads the environment and the arguments, listens to signals and
 * ends the process. Everything else is told what it needs.
 */
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import process from 'node:process';
import { EXIT, type Shell } from './shell.js';

/** A stop that takes longer than this is not waited for. In milliseconds. */
const STOP_TIMEOUT_MS = 15_000;

/** What a shell adds to the number of the signal that ended a program. */
const SIGNAL_BASE = 128;

/** Under `npm start` one Ctrl-C comes twice: from the terminal, and passed on by npm. In milliseconds. */
const ECHO_MS = 500;

const isDebugging = process.argv.includes('--debug') || isSet(process.env['TAILRACE_DEBUG']);
let onHangUp: (() => void) | undefined;
let hasHungUpEarly = false;
let onEndAtOnce: (() => void) | undefined;
const signal = interruption();
// Not imported above: a signal may come at once, and these take their time to load.
const { createLogger } = await import('../shared/logger.js');
const { runCommandLine } = await import('./command-line.js');
const shell: Shell = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal,
  // Where there are no user ids there are no sockets to be found by them either.
  userId: process.getuid?.() ?? 0,
  commandWords: commandWords(process.argv[1] ?? 'tailrace'),
  onHangUp: (listener) => {
    onHangUp = listener;
    if (hasHungUpEarly) listener();
  },
  onEndAtOnce: (listener) => {
    onEndAtOnce = listener;
  },
  createLogger: (name, { level = 'info', format = process.stderr.isTTY ? 'text' : 'json' } = {}) =>
    createLogger({ name, level: isDebugging ? 'debug' : level, format }),
};

// To a full disk or a reader that has gone nothing can be said, and that is no reason to end.
process.stderr.on('error', () => {});

process.on('uncaughtException', (error) => {
  const detail = isDebugging ? error.stack : `${error.message} (this is a bug; --debug shows where)`;
  process.stderr.write(`tailrace: internal error: ${detail}\n`);
  process.exit(EXIT.failure);
});

process.exit(await runCommandLine(process.argv.slice(2), shell, { isDebugging }));

/** The first signal asks for a graceful stop, a second one ends at once, as it would a program that has no say. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let interruptedAt = 0;
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - interruptedAt > ECHO_MS) endAtOnce(SIGNAL_BASE + constants.signals[name]);
      return;
    }
    interruptedAt = performance.now();
    controller.abort(name);
    setTimeout(giveUp, STOP_TIMEOUT_MS).unref();
  };
  const hangUp = (name: NodeJS.Signals) => {
    if (onHangUp !== undefined) onHangUp();
    else if (isReloadable(process.argv.slice(2))) hasHungUpEarly = true;
    else interrupt(name);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  process.on('SIGHUP', hangUp);
  return controller.signal;
}

function giveUp(): void {
  const seconds = STOP_TIMEOUT_MS / 1000;
  process.stderr.write(
    `tailrace: did not stop within ${seconds} s and was ended; what files hold that was not stored yet is read again at the next start\n`,
  );
  endAtOnce(EXIT.failure);
}

function endAtOnce(exitCode: number): void {
  onEndAtOnce?.();
  process.exit(exitCode);
}

/** Whether what is called will listen to hang-ups once it runs: one that comes earlier must not end it. */
function isReloadable(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const hasConfig = own.some((arg) => arg === '--config' || arg.startsWith('--config='));
  return hasConfig && own.find((arg) => !arg.startsWith('-')) === 'agent';
}

/** npm links an installed command under its own name; a clone is run by its path. */
function commandWords(script: string): string[] {
  return basename(script) === 'tailrace' ? ['tailrace'] : ['node', realpathSync(script)];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
