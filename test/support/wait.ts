/** Waiting for a condition that no event announces, such as another process's file. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks every `everyMs` until the look returns something other than undefined or false. Rejects after
 * `withinMs`, generous because machines are slow, naming what was waited for.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { everyMs = 10, withinMs = 30_000 } = {},
): Promise<T> {
  const giveUpAt = Date.now() + withinMs;
  while (Date.now() < giveUpAt) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(everyMs);
  }
  throw new Error(`waited ${withinMs} ms in vain for ${what}`);
}
