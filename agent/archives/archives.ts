/**
 * What is known of gzip files, kept as long as they look the same: years of archives lie beside a log, and
 * none is unpacked twice to find out that it holds nothing new. It judges nothing.
 */
import { messageOf } from '../../shared/errors.js';
import type { SourcePosition } from '../../shared/store/log-store.js';
import { bytesAt } from '../files/file-head.js';
import { type FileLook, identityKey, type LogFile } from '../files/log-file.js';
import { MarkTrail } from '../files/mark.js';
import { givenTime } from '../rotation/looks.js';
import type { KnownSource } from '../sources/ledger.js';
import { Turnstile } from '../sources/turnstile.js';
import { ArchiveFile } from './archive-file.js';
import { inflated, isDamage, isUnfinished } from './inflate-cursor.js';
import { InflatePool } from './inflate-pool.js';

const RECORDS_MAX = 10_000;

/** Unpacking takes a thread of the pool that serves all reading of files, which has four. */
const MEASURED_AT_ONCE = 2;

/** Of the length of what is packed, at the end of each member. */
const TRAILER_BYTES = 4;

const NOTHING = Buffer.alloc(0);

/** What is packed in an archive. */
export type Content =
  /** `end` is the place behind the last byte, with its mark. */
  | { readonly kind: 'whole'; readonly end: SourcePosition }
  /** The last member has no end: it is being written, or was cut. */
  | { readonly kind: 'unfinished'; readonly sinceMs: number }
  | { readonly kind: 'damaged'; readonly cause: string };

export interface ArchiveRecord {
  /** Undefined until it was unpacked once. */
  content: Content | undefined;
  /** The source whose bytes it holds, if that is known, and how many. */
  owner: { readonly known: KnownSource; readonly size: number } | undefined;
  /** Nothing in it is to be read, whatever comes. */
  isLeft: boolean;
}

export class Archives {
  readonly #stopping: AbortSignal;
  readonly #pool = new InflatePool();
  readonly #turnstile = new Turnstile(MEASURED_AT_ONCE);
  /** The one asked for last comes last. */
  readonly #records = new Map<string, ArchiveRecord>();

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  recordOf({ identity, size, modifiedNs }: FileLook): ArchiveRecord {
    const key = `${identityKey(identity)} ${size} ${modifiedNs}`;
    const record = this.#records.get(key) ?? { content: undefined, owner: undefined, isLeft: false };
    this.#records.delete(key);
    this.#records.set(key, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > RECORDS_MAX && oldest !== undefined) this.#records.delete(oldest);
    return record;
  }

  /** Unpacks it once. Undefined where the agent stops meanwhile. */
  async measure(packed: LogFile): Promise<Content | undefined> {
    return this.#turnstile.pass(() => this.#measure(packed));
  }

  /** `size`: of what is packed in it. Closing it closes `packed`. */
  unpacked(packed: LogFile, look: FileLook, size: number): ArchiveFile {
    const record = this.recordOf(look);
    return new ArchiveFile(packed, size, givenTime(look).modifiedNs, {
      pool: this.#pool,
      stopping: this.#stopping,
      onDamage: (cause) => {
        record.content = { kind: 'damaged', cause: cause.message };
      },
    });
  }

  async #measure(packed: LogFile): Promise<Content | undefined> {
    const trail = MarkTrail.of(0, 0, NOTHING, NOTHING);
    try {
      for await (const chunk of inflated(packed)) {
        if (this.#stopping.aborted) return undefined;
        trail.advance(chunk as Buffer);
      }
    } catch (error) {
      if (isUnfinished(error)) return { kind: 'unfinished', sinceMs: performance.now() };
      if (isDamage(error)) return { kind: 'damaged', cause: messageOf(error) };
      throw error;
    }
    const { size } = await packed.look();
    // A file of no bytes at all is one that somebody has just begun to write.
    if (size === 0) return { kind: 'unfinished', sinceMs: performance.now() };
    return { kind: 'whole', end: { offset: trail.offset, mark: trail.mark() } };
  }
}

/** What the last member says of its length: of files of one member, all of it, modulo 2^32. */
export async function lengthByTrailer(packed: LogFile, packedSize: number): Promise<number | undefined> {
  const trailer = await bytesAt(packed, packedSize - TRAILER_BYTES, TRAILER_BYTES);
  return trailer.length === TRAILER_BYTES ? trailer.readUInt32LE() : undefined;
}
