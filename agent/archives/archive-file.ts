/**
 * A gzip file read by the offsets of what is packed in it. Reads that go on where others ended are cheap, and
 * so is the beginning, which every proof of identity asks for; a step back begins a pass from the start.
 */

import type { FileIdentity, FileLook, LogFile, SourceFile } from '../files/log-file.js';
import { InflateCursor, isDamage } from './inflate-cursor.js';
import type { InflatePool } from './inflate-pool.js';

/** At least what a mark's head needs. */
const HEAD_BYTES = 4096;

/**
 * One goes ahead in search of a line's end, the other follows and reads the line: so a line longer than what a
 * pass keeps at hand costs two passes over the file, and not one for each such line.
 */
const CURSORS_MAX = 2;

export interface ArchiveContext {
  readonly pool: InflatePool;
  /** Aborted when the agent stops: what is not unpacked yet is not waited for. */
  readonly stopping: AbortSignal;
  /** It holds other bytes than when it was measured, and they cannot be unpacked; it reads as if it ended there. */
  onDamage(cause: Error): void;
}

export class ArchiveFile implements SourceFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly #packed: LogFile;
  readonly #size: number;
  readonly #context: ArchiveContext;
  #writtenNs: bigint;
  #head: Buffer | undefined;
  /** The one used last comes last. */
  #cursors: InflateCursor[] = [];
  #isDamaged = false;

  /** `size`: of what is packed in it. */
  constructor(packed: LogFile, size: number, modifiedNs: bigint, context: ArchiveContext) {
    this.#packed = packed;
    this.#size = size;
    this.#writtenNs = modifiedNs;
    this.#context = context;
    this.path = packed.path;
    this.identity = packed.identity;
  }

  /** The time of the last write to what is packed in it; the file's own may be that of its compression. */
  writtenBy(timeNs: bigint): void {
    if (timeNs < this.#writtenNs) this.#writtenNs = timeNs;
  }

  get isStale(): boolean {
    return this.#packed.isStale;
  }

  async look(): Promise<FileLook> {
    return { ...(await this.#packed.look()), size: this.#size, modifiedNs: this.#writtenNs };
  }

  async read(target: Buffer, offset: number): Promise<number> {
    const wanted = target.subarray(0, Math.max(0, this.#size - offset));
    if (wanted.length === 0 || this.#isDamaged) return 0;
    if (offset + wanted.length > HEAD_BYTES) return this.#unpack(wanted, offset);
    this.#head ??= await this.#unpackHead();
    return this.#head.copy(wanted, 0, offset);
  }

  /** Ends the passes over the file; a later read begins another. */
  rest(): void {
    for (const cursor of this.#cursors.splice(0)) this.#context.pool.close(cursor);
  }

  async close(): Promise<void> {
    this.rest();
    await this.#packed.close();
  }

  async #unpackHead(): Promise<Buffer> {
    const head = Buffer.allocUnsafeSlow(Math.min(HEAD_BYTES, this.#size));
    return head.subarray(0, await this.#unpack(head, 0));
  }

  async #unpack(target: Buffer, offset: number): Promise<number> {
    const cursor = this.#cursorFor(offset);
    try {
      return await this.#context.pool.use(cursor, () => cursor.read(target, offset, this.#context.stopping));
    } catch (error) {
      this.#context.pool.close(cursor);
      if (!isDamage(error)) throw error;
      this.#isDamaged = true;
      this.#context.onDamage(error);
      return 0;
    }
  }

  #cursorFor(offset: number): InflateCursor {
    const open = this.#cursors.filter(({ isClosed }) => !isClosed);
    const reaching = open.filter(({ earliest }) => earliest <= offset);
    const cursor = reaching.sort((a, b) => b.earliest - a.earliest)[0] ?? new InflateCursor(this.#packed);
    const others = open.filter((other) => other !== cursor);
    for (const oldest of others.splice(0, others.length + 1 - CURSORS_MAX)) this.#context.pool.close(oldest);
    this.#cursors = [...others, cursor];
    return cursor;
  }
}
