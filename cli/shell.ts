/**
 * What a command sees of the process that it runs in. Only main.ts touches the process itself, so that every
 * command can run inside another program with streams, environment and interruption of its own.
 */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../shared/config-variables.js';
import type { Logger, LogLevel } from '../shared/logger.js';

export interface Shell {
  readonly env: Environment;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the user or the system asks to end; its reason is the name of the signal. */
  readonly signal: AbortSignal;
  /** How this program can be called again from any directory: `tailrace` or `node /…/main.js`. */
  readonly commandWords: readonly string[];
  /** Of the user that the process runs as; 0 is root. */
  readonly userId: number;
  /** From now on SIGHUP calls the listener; else it asks to end, like the others. */
  onHangUp(listener: () => void): void;
  /** The listener is called where the process ends in this moment and nothing is waited for; it returns at once. */
  onEndAtOnce(listener: () => void): void;
  createLogger(name: string, options?: ShellLoggerOptions): Logger;
}

export interface ShellLoggerOptions {
  /** From which level on; `debug` when the user asked for that. Default `info`. */
  readonly level?: LogLevel;
  /** Default: `text` on a terminal, else `json`. */
  readonly format?: 'json' | 'text';
}

/** Exit codes, as in the README; `config` is `EX_CONFIG` of sysexits.h. */
export const EXIT = { ok: 0, failure: 1, usage: 2, config: 78, interrupted: 130 } as const;

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A service that was told to end and did has succeeded; Ctrl-C is the user's interruption. */
export function exitCodeOf(signal: AbortSignal): number {
  return signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}
