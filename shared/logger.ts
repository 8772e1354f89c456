/**
 * The notices of a long-running command: one JSON line each (pino) on stderr, or on a terminal one readable
 * line. Lines of logs go to stdout and never through here. Secrets never reach a logger.
 */
import { styleText } from 'node:util';
import { destination, type Logger as PinoLogger, pino } from 'pino';
import { printable } from './printable.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What the programs see of a logger: a message that names the cause and the next step, and its fields. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  readonly name: string;
}

/** Of notices that cannot be written now, such as to a full disk: later ones are left out. */
const UNWRITTEN_BYTES_MAX = 2 ** 18;

export function createLogger({ level, format, name }: LoggerOptions): Logger {
  const stderr = destination({ fd: 2, sync: true, maxLength: UNWRITTEN_BYTES_MAX });
  // A full disk or a reader that has gone must not end the program: it is what notices are about that matters.
  stderr.on('error', () => {});
  const base = { level, base: { name } };
  const logger = format === 'json' ? pino(base, stderr) : pino(base, asText(stderr));
  return bind(logger);
}

export const SILENT: Logger = bind(pino({ enabled: false }));

function bind(logger: PinoLogger): Logger {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

const LEVEL_NAMES: Readonly<Record<number, LogLevel>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
const COLOURS = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

function asText(stderr: { write(text: string): unknown }): { write(text: string): void } {
  return { write: (json) => void stderr.write(textLine(JSON.parse(json) as Record<string, unknown>)) };
}

function textLine(record: Record<string, unknown>): string {
  const { level, time: _time, name, msg, ...fields } = record;
  const levelName = LEVEL_NAMES[Number(level)] ?? 'info';
  const extra = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  const head = styleText(COLOURS[levelName], `${String(name)} ${levelName}:`, { stream: process.stderr });
  return `${head} ${printableLines(String(msg))}${extra.map(printable).join('')}\n`;
}

/** A notice may have several lines. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
}
