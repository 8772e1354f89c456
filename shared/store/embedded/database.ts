/**
 * The LevelDB directory: opening it for this process alone, opening it again after a failed write, and the
 * one translation of its errors into `StoreError`s.
 */
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { messageOf, StoreError } from '../../errors.js';
import { FORMAT, FORMAT_KEY } from './keys.js';

const MIB = 1024 * 1024;

/** Values are batches of many kilobytes: fewer, larger files and write buffers than LevelDB's defaults. */
const LEVEL_OPTIONS = { writeBufferSize: 16 * MIB, maxFileSize: 16 * MIB } as const;

/** The file that every LevelDB has. */
const LEVELDB_MANIFEST_POINTER = 'CURRENT';

export type Level = ClassicLevel<string, Buffer>;

export class Database {
  readonly #directory: string;
  readonly level: Level;
  #isClosed = false;

  private constructor(directory: string) {
    this.#directory = directory;
    this.level = new ClassicLevel(directory, {
      keyEncoding: 'utf8',
      valueEncoding: 'buffer',
      ...LEVEL_OPTIONS,
    });
  }

  /** Rejects with `StoreError('locked')` if a process has the directory open. */
  static async open(directory: string): Promise<Database> {
    // Logs are private; the parents of the directory keep the rights they have.
    await translated(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
    const database = new Database(directory);
    await database.attempt(() => database.level.open());
    try {
      await database.attempt(() => database.#checkFormat());
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  /**
   * After a failed write LevelDB may refuse every later one: only opening it again shows what is stored. It
   * makes nothing: where a disk was unmounted, an empty store must not take the place of the full one.
   */
  async reopen(): Promise<void> {
    await this.attempt(async () => {
      await this.level.close();
      // LevelDB makes the directory even if it is told to make no database.
      await access(join(this.#directory, LEVELDB_MANIFEST_POINTER));
      await this.level.open({ createIfMissing: false });
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.level.close();
  }

  /** Runs something on the database and translates what it throws. */
  async attempt<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await translated(this.#directory, action);
    } catch (error) {
      throw this.#isClosed ? this.closedError() : error;
    }
  }

  closedError(): StoreError {
    return new StoreError('closed', `The store in ${this.#directory} was closed by this program.`);
  }

  async #checkFormat(): Promise<void> {
    const format = await this.level.get(FORMAT_KEY);
    if (format === undefined) await this.level.put(FORMAT_KEY, Buffer.from(FORMAT), { sync: true });
    else if (format.toString() !== FORMAT) {
      const advice = 'use the version of tailrace that wrote it, or another directory';
      throw new StoreError(
        'unsupported',
        `${this.#directory} has a format this version cannot read: ${advice}.`,
      );
    }
  }
}

async function translated<T>(directory: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toStoreError(error, directory);
  }
}

function toStoreError(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error;
  const codes = codesOf(error);
  const text = innermost(error);
  const fail = (code: StoreError['code'], sentence: string, retryable: boolean) =>
    new StoreError(code, `${sentence} (${text})`, { retryable, cause: error });
  if (codes.has('LEVEL_LOCKED')) {
    return fail(
      'locked',
      `${directory} is in use by another process: stop it, or choose another directory.`,
      false,
    );
  }
  if (codes.has('LEVEL_CORRUPTION')) {
    return fail('corrupt', `${directory} is damaged: restore it, or move it away to start anew.`, false);
  }
  if (codes.has('EACCES') || codes.has('EPERM') || /permission denied/i.test(text)) {
    return fail(
      'forbidden',
      `${directory} cannot be opened by this user: correct its owner or rights.`,
      false,
    );
  }
  if (codes.has('ENOSPC') || /no space left|quota exceeded/i.test(text)) {
    return fail('full', `The disk of ${directory} is full: free space there, or lower the retention.`, true);
  }
  return fail('unavailable', `${directory} cannot be read or written: see whether it is there.`, true);
}

/** classic-level wraps what happened: `LEVEL_DATABASE_NOT_OPEN` because of `LEVEL_LOCKED`. */
function codesOf(error: unknown): Set<string> {
  const codes = new Set<string>();
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at) codes.add(String(at.code));
  return codes;
}

function innermost(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  return messageOf(at);
}
