/** Thousands of small log files that nobody writes to, spread over directories as a busy host has them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { corpusBlock } from './corpus.js';

export interface QuietFiles {
  /** A glob that means all of them. */
  readonly include: string;
  readonly paths: readonly string[];
  /** Of all of them together. */
  readonly lines: number;
}

/** Names each file's channel: one for each file, as the default does. */
export const CHANNEL_TEMPLATE = '{parent}/{name}';

const FILES_PER_DIRECTORY = 200;
const LINES_PER_FILE = 3;

/** `directory` need not exist. */
export async function writeQuietFiles(directory: string, count: number): Promise<QuietFiles> {
  const texts = corpusBlock('access', LINES_PER_FILE * FILES_PER_DIRECTORY);
  const paths: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const inDirectory = index % FILES_PER_DIRECTORY;
    const parent = join(directory, `app-${Math.floor(index / FILES_PER_DIRECTORY)}`);
    if (inDirectory === 0) await mkdir(parent, { recursive: true });
    const path = join(parent, `worker-${inDirectory}.log`);
    await writeFile(
      path,
      texts.slice(inDirectory * LINES_PER_FILE, (inDirectory + 1) * LINES_PER_FILE).join(''),
    );
    paths.push(path);
  }
  return { include: join(directory, '*', '*.log'), paths, lines: count * LINES_PER_FILE };
}

/** The channel of one of them, by `CHANNEL_TEMPLATE`. */
export function channelOf(path: string): string {
  return `${basename(join(path, '..'))}/${basename(path, '.log')}`;
}
