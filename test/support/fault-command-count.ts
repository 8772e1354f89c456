/** Which commands a Redis executes while something happens, seen by MONITOR. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { waitFor } from './wait.js';

/** What a client sends by itself, whatever is asked of it. */
const HOUSEKEEPING = /^(ping|info|client|hello)$/i;

/** The commands of every client, as lists of words; those of a script count as well. */
export async function commandsDuring(url: string, act: () => Promise<void>): Promise<string[][]> {
  const own = new Redis(url);
  const monitor = await new Redis(url).monitor();
  try {
    const commands: string[][] = [];
    monitor.on('monitor', (_time: string, words: string[]) => commands.push(words));
    // MONITOR tells in order, so that all that happened lies between two marks.
    const [first, last] = [randomUUID(), randomUUID()];
    await own.echo(first);
    await act();
    await own.echo(last);
    const place = (mark: string) => commands.findIndex((words) => words.includes(mark));
    await waitFor('the monitor', () => place(last) >= 0);
    const between = commands.slice(place(first) + 1, place(last));
    return between.filter(([name = '']) => !HOUSEKEEPING.test(name));
  } finally {
    own.disconnect();
    monitor.disconnect();
  }
}
