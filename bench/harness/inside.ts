/** The side of a bench program: its settings, and messages to and from the process that started it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Whatever becomes of the process that started it, a bench program does not outlive it.
process.once('disconnect', () => process.exit());

/** What was passed to `Program.start`. */
export function settings<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Sends a message, stamped with the machine's monotonic clock. */
export function say(kind: string, details: object = {}): void {
  process.send?.({ kind, atNs: `${process.hrtime.bigint()}`, ...details });
}

/** Calls the listener for each message of a kind. */
export function hear<T>(kind: string, listener: (message: T) => void): void {
  process.on('message', (message: { kind: string }) => {
    if (message.kind === kind) listener(message as T);
  });
}

/** Resolves with the next message of a kind. */
export function heard<T>(kind: string): Promise<T> {
  return new Promise((resolve) => {
    const listener = (message: { kind: string }) => {
      if (message.kind !== kind) return;
      process.off('message', listener);
      resolve(message as T);
    };
    process.on('message', listener);
  });
}

/** A module of the built product, such as `shared/store/redis/index.js`: what ships is what is measured. */
export async function built<T>(dist: string, module: string): Promise<T> {
  return (await import(pathToFileURL(join(dist, module)).href)) as T;
}
