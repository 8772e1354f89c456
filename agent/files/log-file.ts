/**
 * A file as the agent sees it: opened once, read by offset, recognised by device and inode. It never seeks,
 * writes or decides anything. Who opened it closes it.
 */
import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { systemCode } from './system-error.js';

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
  // Kept by the thousand: a joined text is one piece where a template holds on to its parts.
  return [device, inode].join(':');
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.device === b.device;
}

/** Whether nothing was written between two looks at a path, as far as looks can tell. */
export function isSameLook(a: FileLook, b: FileLook): boolean {
  return a.size === b.size && a.modifiedNs === b.modifiedNs && isSameFile(a.identity, b.identity);
}

/** The same of a look that was not made yet. */
export function shows({ size, mtimeNs, ino, dev }: BigIntStats, look: FileLook): boolean {
  const { inode, device } = look.identity;
  return (
    Number(size) === look.size && mtimeNs === look.modifiedNs && `${ino}` === inode && `${dev}` === device
  );
}

/** Bytes that can be read by offset, more than once. */
export interface ByteReader {
  /** Fills `target` with the bytes from `offset` on, as far as there are any, and returns how many. */
  read(target: Buffer, offset: number): Promise<number>;
}

/** A file whose bytes are those of a source, as they are or unpacked. Who opened it closes it. */
export interface SourceFile extends ByteReader {
  /** Where it was found; it may have been renamed since. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** `size` is that of the source's bytes. */
  look(): Promise<FileLook>;
  close(): Promise<void>;
  /** The handle gives nothing any more; a new one may. */
  readonly isStale: boolean;
}

export class LogFile implements SourceFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly #handle: FileHandle;
  #isStale = false;

  constructor(path: string, identity: FileIdentity, handle: FileHandle) {
    this.path = path;
    this.identity = identity;
    this.#handle = handle;
  }

  get isStale(): boolean {
    return this.#isStale;
  }

  /** The same handle under the name that the file has now; of the two only one is to be used on. */
  named(path: string): LogFile {
    return path === this.path ? this : new LogFile(path, this.identity, this.#handle);
  }

  async look(): Promise<FileLook> {
    try {
      return lookOf(fstatSync(this.#handle.fd, BIGINT));
    } catch (error) {
      throw this.#noted(error);
    }
  }

  async read(target: Buffer, offset: number): Promise<number> {
    let filled = 0;
    try {
      while (filled < target.length) {
        const { bytesRead } = await this.#handle.read(
          target,
          filled,
          target.length - filled,
          offset + filled,
        );
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw this.#noted(error);
    }
    return filled;
  }

  /** Nothing was written through it: what the system says against its end changes nothing, and nobody waits for more. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }

  #noted(error: unknown): unknown {
    if (STALE.has(systemCode(error))) this.#isStale = true;
    return error;
  }
}

/** Undefined where there is no regular file. Rejects where one cannot be opened, with the system's error. */
export async function openLogFile(path: string): Promise<LogFile | undefined> {
  const handle = await unlessMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (handle === undefined) return undefined;
  try {
    const stats = fstatSync(handle.fd, BIGINT);
    if (stats.isFile()) return new LogFile(path, lookOf(stats).identity, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The file with that device and inode; undefined where the path shows none, or another one. */
export async function openSameFile(path: string, identity: FileIdentity): Promise<LogFile | undefined> {
  const file = await openLogFile(path);
  if (file === undefined || isSameFile(file.identity, identity)) return file;
  await file.close();
  return undefined;
}

/** Undefined where there is no regular file. */
export async function lookAt(path: string): Promise<FileLook | undefined> {
  const stats = await unlessMissing(statOf(path));
  return stats?.isFile() ? lookOf(stats) : undefined;
}

/** The same, and when its name or content changed last, in nanoseconds since 1970. */
export async function lookWithChange(
  path: string,
): Promise<{ readonly look: FileLook; readonly changedNs: bigint } | undefined> {
  const stats = await unlessMissing(statOf(path));
  return stats?.isFile() ? { look: lookOf(stats), changedNs: stats.ctimeNs } : undefined;
}

/**
 * Synchronous on purpose, as the other looks are: 2 µs, where the thread pool takes ten times that and leaves
 * memory behind, which at a start with thousands of files was most of what the agent held.
 */
async function statOf(path: string): Promise<BigIntStats> {
  return statSync(path, BIGINT);
}

/** After so many looks in a row, a quarter of a millisecond, others have the processor. */
export const LOOKS_PER_SLICE = 100;

export function lookOf(stats: BigIntStats): FileLook {
  return {
    identity: { device: deviceText(stats.dev), inode: `${stats.ino}` },
    size: Number(stats.size),
    modifiedNs: stats.mtimeNs,
    links: Number(stats.nlink),
  };
}

let lastDevice = { number: -1n, text: '' };

/** Looks are kept by the thousand, nearly all of them of one device: they share its text. */
function deviceText(number: bigint): string {
  if (number !== lastDevice.number) lastDevice = { number, text: `${number}` };
  return lastDevice.text;
}

const BIGINT = { bigint: true } as const;

/** The file server has forgotten the handle, or the mount that it belonged to is gone. */
const STALE: ReadonlySet<unknown> = new Set(['ESTALE', 'ENOTCONN', 'ESHUTDOWN', 'ENODEV']);

const MISSING: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENXIO']);

async function unlessMissing<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (MISSING.has(systemCode(error))) return undefined;
    throw error;
  }
}
