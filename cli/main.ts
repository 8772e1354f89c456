#!/usr/bin/env node
/**
 * The `tailrace` command: the one place that reads the environment and the arguments, listens to signals and
 * ends the process. Everything else is told what it needs.
 */
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { createLogger } from '../shared/logger.js';
import { runCommandLine } from './command-line.js';
import { EXIT, type Shell } from './shell.js';

/** A stop that takes longer than this is not waited for. In milliseconds. */
const STOP_TIMEOUT_MS = 15_000;

/** Under `npm start` one Ctrl-C comes twice: from the terminal, and passed on by npm. In milliseconds. */
const ECHO_MS = 500;

const isDebugging = process.argv.includes('--debug') || isSet(process.env['TAILRACE_DEBUG']);
let onHangUp: (() => void) | undefined;
const shell: Shell = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption(),
  // Where there are no user ids there are no sockets to be found by them either.
  userId: process.getuid?.() ?? 0,
  commandWords: commandWords(process.argv[1] ?? 'tailrace'),
  onHangUp: (listener) => {
    onHangUp = listener;
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

/** The first signal asks for a graceful stop, a second one ends at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let interruptedAt = 0;
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - interruptedAt > ECHO_MS) process.exit(EXIT.interrupted);
      return;
    }
    interruptedAt = performance.now();
    controller.abort(signal);
    setTimeout(giveUp, STOP_TIMEOUT_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  process.on('SIGHUP', (signal) => (onHangUp === undefined ? interrupt(signal) : onHangUp()));
  return controller.signal;
}

function giveUp(): void {
  const seconds = STOP_TIMEOUT_MS / 1000;
  process.stderr.write(
    `tailrace: did not stop within ${seconds} s and was ended; what was not stored yet is read again at the next start\n`,
  );
  process.exit(EXIT.failure);
}

/** npm links an installed command under its own name; a clone is run by its path. */
function commandWords(script: string): string[] {
  return basename(script) === 'tailrace' ? ['tailrace'] : ['node', realpathSync(script)];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
