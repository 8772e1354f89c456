/** Errors of the operating system by their names. Node.js has none for some that file servers give. Pure. */
import { constants } from 'node:os';
import { messageOf } from '../../shared/errors.js';

/** As Node.js writes code and message of an error that it has no name for: `Unknown system error -116`. */
const UNNAMED = /Unknown system error -(\d+)/g;

/** Those of Linux that the table of Node.js lacks too. */
const FURTHER: Readonly<Record<number, string>> = { 108: 'ESHUTDOWN', 117: 'EUCLEAN', 121: 'EREMOTEIO' };

const NAMES: Readonly<Record<number, string>> = {
  ...FURTHER,
  ...Object.fromEntries(Object.entries(constants.errno).map(([name, number]) => [number, name])),
};

/** The system's code of an error, such as `EACCES`. The numbers that errors of the web platform have are none. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? named(code) : undefined;
}

/** The message of an error, with the system's code in it. */
export function systemMessage(error: unknown): string {
  return named(messageOf(error));
}

function named(text: string): string {
  return text.replaceAll(UNNAMED, (unnamed, number: string) => NAMES[Number(number)] ?? unnamed);
}
