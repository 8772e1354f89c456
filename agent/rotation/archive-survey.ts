/**
 * Says which of the compressed files beside a log hold bytes that are not in the store. What a time, a length
 * and the first bytes can tell is not unpacked: that a rotated file was compressed after it was read is the
 * rule, and that it was not is the exception.
 */

import type { SourcePosition } from '../../shared/store/log-store.js';
import type { ArchiveFile } from '../archives/archive-file.js';
import { type ArchiveRecord, type Archives, lengthByTrailer } from '../archives/archives.js';
import {
  type FileIdentity,
  type FileLook,
  type LogFile,
  openSameFile,
  type SourceFile,
} from '../files/log-file.js';
import { fits, isEvidence } from '../files/mark.js';
import { systemCode } from '../files/system-error.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { isCopyOfAny, originalOf } from './copies.js';
import type { Judgement } from './judgement.js';
import { givenTime, isAfterAll, isWholeBy, isWholeByTime, mayHoldRestOf } from './looks.js';
import { isGzipName } from './rotation-name.js';
import type { Listed } from './sibling-listing.js';

/**
 * Archives older than what was read last that are unpacked to see what is in them. Only late writers leave
 * something there, and none writes to a file that many rotations came after.
 */
const OLDER_MAX = 8;

/** A smaller one is unpacked rather than judged by its looks: that takes no time and cannot be wrong. */
const SMALL_BYTES = 64 * 1024;

/** Why an archive that may hold unread bytes is not read. */
export interface ArchiveObstacle {
  readonly archive: string;
  readonly identity: FileIdentity;
  readonly reason: 'damaged' | 'format' | 'forbidden';
  readonly cause: string;
}

export interface ArchiveFind {
  readonly file: ArchiveFile;
  readonly look: FileLook;
  /** Whose bytes it holds, where that is known. */
  readonly original: KnownSource | undefined;
}

export interface ArchiveSurveyOptions
  extends Pick<Judgement, 'past' | 'missing' | 'isUnbroken' | 'nameless'> {
  readonly archives: Archives;
  readonly ledger: Ledger;
  /** How long an archive without an end may stay as it is before it counts as damaged. */
  readonly lingerMs: number;
  isTaken(identity: FileIdentity): boolean;
  /** Whether a file that is read otherwise holds all that ends at this place. */
  isHeld(end: SourcePosition): Promise<boolean>;
}

/** `moving`: a name has gone to another file. `waiting`: an archive is being written. */
type Standing = 'settled' | 'moving' | 'waiting';

export class ArchiveSurvey {
  readonly finds: ArchiveFind[] = [];
  readonly obstacles: ArchiveObstacle[] = [];
  /** By files that have no name any more: the name of the archive that was made of each. */
  readonly packedAs = new Map<SourceFile, string>();
  readonly #options: ArchiveSurveyOptions;
  /** Sources that an archive was found for. */
  readonly #found = new Set<KnownSource>();
  #older = 0;

  constructor(options: ArchiveSurveyOptions) {
    this.#options = options;
  }

  /** Whoever calls closes the finds, whatever happens. */
  async examine(entries: readonly Listed[]): Promise<Standing> {
    for (const entry of entries.toSorted(youngestFirst)) {
      const { look } = entry;
      if (this.#options.isTaken(look.identity) || !this.#mayHoldUnread(look)) continue;
      if (this.#isOlder(look)) this.#older++;
      const standing = isGzipName(entry.path) ? await this.#examine(entry) : this.#passOver(entry);
      if (standing !== 'settled') return standing;
    }
    return 'settled';
  }

  /** By its time alone. */
  #mayHoldUnread(look: FileLook): boolean {
    const { missing } = this.#options;
    if (this.#mayBeUnseen(look)) return true;
    return missing.some((known) => mayHoldRestOf(known, givenTime(look)));
  }

  /** Whether it may be a file that came and went while nobody looked. */
  #mayBeUnseen(look: FileLook): boolean {
    return !this.#options.isUnbroken && isAfterAll(givenTime(look).modifiedNs, this.#options.past);
  }

  /** Than what was read last. */
  #isOlder(look: FileLook): boolean {
    const { past } = this.#options;
    return past.length > 0 && !isAfterAll(givenTime(look).modifiedNs, past);
  }

  /** What cannot be unpacked: if it was written to when a source was last, nothing came after that was read. */
  #passOver({ path, look }: Listed, reason: ArchiveObstacle['reason'] = 'format', cause = ''): Standing {
    const source = this.#options.missing.find((known) => isWholeByTime(known, look));
    if (source !== undefined) this.#tick(source);
    else this.obstacles.push({ archive: path, identity: look.identity, reason, cause });
    return 'settled';
  }

  async #examine(entry: Listed): Promise<Standing> {
    const record = this.#options.archives.recordOf(entry.look);
    const isLeft = record.isLeft || this.#isRead(record);
    const standing = isLeft ? 'settled' : await this.#open(entry, record);
    await this.#compareNameless(entry, record);
    return standing;
  }

  async #open(entry: Listed, record: ArchiveRecord): Promise<Standing> {
    let packed: LogFile | undefined;
    try {
      packed = await openSameFile(entry.path, entry.look.identity);
    } catch (error) {
      if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EPERM') throw error;
      return this.#passOver(entry, 'forbidden', systemCode(error));
    }
    if (packed === undefined) return 'moving';
    const before = this.finds.length;
    try {
      return await this.#unpack(entry, packed, record);
    } finally {
      if (this.finds.length === before) await packed.close();
    }
  }

  async #compareNameless({ path }: Listed, { content }: ArchiveRecord): Promise<void> {
    if (content?.kind !== 'whole') return;
    for (const { file, look } of this.#options.nameless) {
      const isWhole = look.size === content.end.offset && (await fits(file, content.end));
      if (isWhole) this.packedAs.set(file, path);
    }
  }

  /** Whether it is known whose bytes it holds, and that these were read. Its source is missing no more. */
  #isRead({ owner }: ArchiveRecord): boolean {
    if (owner === undefined) return false;
    const isMissing = this.#options.missing.includes(owner.known);
    const isRead = owner.size <= owner.known.position.offset;
    if (isRead) this.#tick(owner.known);
    return isRead || !isMissing;
  }

  #tick(known: KnownSource): void {
    const { missing } = this.#options;
    this.#found.add(known);
    if (missing.includes(known)) missing.splice(missing.indexOf(known), 1);
  }

  async #unpack(entry: Listed, packed: LogFile, record: ArchiveRecord): Promise<Standing> {
    const { archives, lingerMs } = this.#options;
    if (await this.#isReadByLooks(entry, packed, record)) return 'settled';
    if (record.content === undefined && this.#isOlder(entry.look) && this.#older > OLDER_MAX)
      return 'settled';
    record.content ??= await archives.measure(packed);
    const { content } = record;
    if (content === undefined) return 'waiting';
    if (content.kind === 'damaged') return this.#passOver(entry, 'damaged', content.cause);
    if (content.kind === 'unfinished') {
      if (performance.now() - content.sinceMs < lingerMs) return 'waiting';
      return this.#passOver(entry, 'damaged', 'unexpected end of file');
    }
    const file = archives.unpacked(packed, entry.look, content.end.offset);
    await this.#judge(file, entry, record, content.end);
    if (!this.finds.some((find) => find.file === file)) file.rest();
    return 'settled';
  }

  /** Time, length and beginning are those of a source that was read: it is its file, compressed. */
  async #isReadByLooks({ look }: Listed, packed: LogFile, record: ArchiveRecord): Promise<boolean> {
    if (record.content !== undefined || look.size <= SMALL_BYTES) return false;
    const { archives, past } = this.#options;
    const length = await lengthByTrailer(packed, look.size);
    for (const known of past) {
      const { offset, mark } = known.position;
      if (this.#found.has(known) || !isWholeBy(known, look, length)) continue;
      const file = archives.unpacked(packed, look, offset);
      const isSame = await fits(file, { offset: 0, mark });
      file.rest();
      if (!isSame) continue;
      record.owner = { known, size: offset };
      this.#tick(known);
      return true;
    }
    return false;
  }

  async #judge(
    file: ArchiveFile,
    { look }: Listed,
    record: ArchiveRecord,
    end: SourcePosition,
  ): Promise<void> {
    const { past, isUnbroken, isHeld } = this.#options;
    const copy = { bytes: file, size: end.offset };
    const known = await this.#sourceIn(file, end);
    if (known !== undefined) {
      if (known.isStored) record.owner = { known, size: end.offset };
      this.#tick(known);
      if (end.offset > known.position.offset) this.#find(file, look, end, known);
    } else if (isUnbroken || end.offset === 0 || (await isHeld(end)) || (await isCopyOfAny(copy, past))) {
      // Where nothing can have come in between it is not ours, whatever it is.
      record.isLeft = true;
    } else if (this.#mayBeUnseen(look)) {
      this.#find(file, look, end, undefined);
    }
  }

  /** The source that it was made of, or that it is since it was read from here before. */
  async #sourceIn(file: ArchiveFile, end: SourcePosition): Promise<KnownSource | undefined> {
    const { ledger, missing } = this.#options;
    const own = await ledger.recognise(file);
    if (own !== undefined && own.position.offset <= end.offset && isEvidence(own.position)) return own;
    // One that covers more proves more.
    const candidates = missing.toSorted((a, b) => b.position.offset - a.position.offset);
    return originalOf({ bytes: file, size: end.offset }, candidates);
  }

  #find(
    file: ArchiveFile,
    look: FileLook,
    { offset: size }: SourcePosition,
    original: KnownSource | undefined,
  ): void {
    this.finds.push({ file, look: { ...look, size }, original });
  }
}

function youngestFirst(a: Listed, b: Listed): number {
  return Number(b.look.modifiedNs - a.look.modifiedNs);
}
