/**
 * A file as the agent sees it: opened once, read by offset, recognised by device and inode. It never seeks,
 * writes or decides anything. Who opened it closes it.
 */
import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open, stat } from 'node:fs/promises';

/** Device and inode as decimal text: they exceed 2^53 on some file systems. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
}

/** What a look at a path shows. */
export interface FileLook {
  readonly identity: FileIdentity;
  readonly size: number;
  /** Time of the last write by the file system's clock, in nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  /** Names that the file has; 0 when it was deleted while it is held open. */
  readonly links: number;
}

export function identityKey({ device, inode }: FileIdentity): string {
  return `${device}:${inode}`;
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.device === b.device;
}

/** Bytes that can be read by offset, more than once. */
export interface ByteReader {
  /** Fills `target` with the bytes from `offset` on, as far as there are any, and returns how many. */
  read(target: Buffer, offset: number): Promise<number>;
}

export class LogFile implements ByteReader {
  /** Where it was found; it may have been renamed since. */
  readonly path: string;
  readonly identity: FileIdentity;
  readonly #handle: FileHandle;

  constructor(path: string, identity: FileIdentity, handle: FileHandle) {
    this.path = path;
    this.identity = identity;
    this.#handle = handle;
  }

  async look(): Promise<FileLook> {
    return lookOf(await this.#handle.stat({ bigint: true }));
  }

  async read(target: Buffer, offset: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.#handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Undefined where there is no regular file. Rejects where one cannot be opened, with the system's error. */
export async function openLogFile(path: string): Promise<LogFile | undefined> {
  const handle = await unlessMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return new LogFile(path, lookOf(stats).identity, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Undefined where there is no regular file. */
export async function lookAt(path: string): Promise<FileLook | undefined> {
  const stats = await unlessMissing(stat(path, { bigint: true }));
  return stats?.isFile() ? lookOf(stats) : undefined;
}

export function lookOf(stats: BigIntStats): FileLook {
  return {
    identity: { device: `${stats.dev}`, inode: `${stats.ino}` },
    size: Number(stats.size),
    modifiedNs: stats.mtimeNs,
    links: Number(stats.nlink),
  };
}

const MISSING: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENXIO']);

/** The system's code of an error, such as `EACCES`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

async function unlessMissing<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (MISSING.has(systemCode(error))) return undefined;
    throw error;
  }
}
