/**
 * The file of `--cursor-file`: a JSON object, channel to cursor. It is replaced as a whole, so that whoever
 * reads it finds an old state or a new one, and written at most once a second and at the end: after a `kill -9`
 * the lines of the last second are shown once more.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, TailraceError, UsageError } from '../../shared/errors.js';
import { CURSOR, isChannel } from '../../shared/protocol/index.js';

export type Cursors = ReadonlyMap<string, string>;

const content = z.record(z.string().refine(isChannel), z.string().regex(CURSOR));

/** Empty for a file that does not exist. Throws a `UsageError` for one that cannot be used. */
export async function readCursorFile(path: string): Promise<Cursors> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw new UsageError(`--cursor-file cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const result = content.safeParse(jsonOrUndefined(text));
  if (result.success) return new Map(Object.entries(result.data));
  throw new UsageError(
    `--cursor-file ${path} is no JSON object of channels and cursors: name another file, or remove it to begin anew`,
  );
}

const SAVE_EVERY_MS = 1_000;

export class CursorFile {
  readonly #path: string;
  readonly #cursors: () => Cursors;
  readonly #onFailed: (error: TailraceError) => void;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  /** `cursors` is asked at every save. After a save that failed `onFailed` is called, and nothing is retried. */
  constructor(path: string, cursors: () => Cursors, onFailed: (error: TailraceError) => void) {
    this.#path = path;
    this.#cursors = cursors;
    this.#onFailed = onFailed;
  }

  /** The cursors have moved. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, SAVE_EVERY_MS);
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#save();
  }

  #save(): Promise<void> {
    this.#saving = this.#saving
      .then(() => replaceFile(this.#path, textOf(this.#cursors())))
      .catch((error: unknown) => {
        const message = `--cursor-file cannot be written: ${messageOf(error)}`;
        this.#onFailed(new TailraceError('cursor_file', message, { cause: error }));
      });
    return this.#saving;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeDurably(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Without the sync a power cut may leave the new name with an empty file behind it. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function textOf(cursors: Cursors): string {
  const sorted = [...cursors].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
