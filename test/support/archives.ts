/** A path of an agent whose rotated files are compressed, with the real gzip. */
import { execFile } from 'node:child_process';
import { appendFile, rename, unlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type AgentStand, agentStand, asText, numbered } from './agent-stand.js';

export const run = promisify(execFile);

export async function write(stand: AgentStand, from: number, to: number, name = 'app.log'): Promise<void> {
  await appendFile(stand.path(name), asText(numbered(from, to)));
}

/** As logrotate with `compress`: the archive takes the file's time, and its place. */
export async function gzip(stand: AgentStand, name: string): Promise<void> {
  await run('gzip', [stand.path(name)]);
}

/** As programs do it that compress for themselves: the archive's time is that of its compression. */
export async function gzipAnew(stand: AgentStand, name: string): Promise<void> {
  const { stdout } = await run('gzip', ['-c', stand.path(name)], { encoding: 'buffer', maxBuffer: 2 ** 28 });
  await writeFile(stand.path(`${name}.gz`), stdout);
  await unlink(stand.path(name));
}

export async function move(stand: AgentStand, from: string, to: string): Promise<void> {
  await rename(stand.path(from), stand.path(to));
}

/** A path whose lines 1 to 10 an agent has read, which is down now; 11 to 20 were written since. */
export async function standWithUnreadTail(sources?: readonly Record<string, unknown>[]): Promise<AgentStand> {
  const stand = await agentStand();
  await write(stand, 1, 10);
  const agent = await stand.start(sources && { sources: sourcesIn(stand, sources) });
  await stand.linesOnce(10);
  await agent.stop();
  await write(stand, 11, 20);
  return stand;
}

export function sourcesIn(stand: AgentStand, sources: readonly Record<string, unknown>[]) {
  return sources.map(({ glob }) => ({ include: [stand.path(`${glob}`)] }));
}
