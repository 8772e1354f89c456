/**
 * Corpora as files: a block of generated lines, written as often as needed. A block is far larger than the
 * 32 KiB window of deflate, so that repeating it does not flatter compression.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { accessLogLines } from './access-log.js';
import { applicationLogLines } from './application-log.js';
import { Random } from './random.js';

export interface Corpus {
  readonly file: string;
  readonly lines: number;
  readonly bytes: number;
}

export type CorpusKind = 'access' | 'application';

const LINES = { access: accessLogLines, application: applicationLogLines };
const SEED = 20_250_314;
const BLOCK_LINES = 250_000;

/** Writes `lines` lines, the last one complete, to a new file of the directory. */
export async function writeCorpus(directory: string, kind: CorpusKind, lines: number): Promise<Corpus> {
  const file = join(directory, `${kind}-${lines}.corpus`);
  const block = corpusBlock(kind, Math.min(lines, BLOCK_LINES));
  const handle = await open(file, 'wx');
  try {
    return { file, lines, bytes: await writeRepeated(handle, block, lines) };
  } finally {
    await handle.close();
  }
}

/** The first lines of a corpus in memory, each ended by a line feed. */
export function corpusBlock(kind: CorpusKind, lines: number): string[] {
  const source = LINES[kind](new Random(SEED));
  return Array.from({ length: lines }, () => `${source.next().value}\n`);
}

async function writeRepeated(handle: FileHandle, block: readonly string[], lines: number): Promise<number> {
  const whole = Buffer.from(block.join(''));
  const rest = Buffer.from(block.slice(0, lines % block.length).join(''));
  const repeats = Math.floor(lines / block.length);
  for (let count = 0; count < repeats; count += 1) await handle.write(whole);
  await handle.write(rest);
  return whole.length * repeats + rest.length;
}
