/**
 * What the agent knows of every source of its host: loaded from the store once, then kept up with what the
 * store acknowledged. It answers whose bytes a file holds. It never makes a position up: where it is behind,
 * opening the source at the store corrects it.
 */
import type { SourcePosition, SourceRecord } from '../../shared/store/log-store.js';
import { IdentityMap } from '../files/identity-map.js';
import type { FileIdentity, SourceFile } from '../files/log-file.js';
import { fits, isEvidence, markedTimeNs } from '../files/mark.js';
import { type Checkpoints, NO_CHECKPOINTS, withCheckpoint } from './checkpoints.js';
import { type Labels, labelsKey, movedSourceId, sourceId, stemOf } from './source-id.js';
import { SourceIndex } from './source-index.js';

const NEVER_MOVED: readonly StoredUnder[] = [];

/** Under which name, where and how lines are stored. */
export interface StoredUnder {
  readonly source: string;
  readonly channel: string;
  readonly labels: Labels;
}

export interface KnownSource extends StoredUnder {
  source: string;
  channel: string;
  labels: Labels;
  /** How it was stored before it moved, the latest last. */
  earlier: readonly StoredUnder[];
  /** Whether the store has heard of it. */
  isStored: boolean;
  /** Where the file was when the source was opened first. */
  readonly path: string;
  identity: FileIdentity;
  readonly generation: number;
  position: SourcePosition;
  /** Time of the last write to the file before its bytes were read; of whole milliseconds where a mark told it. */
  modifiedNs: bigint;
  /** Of positions before that one, as this process saw them. */
  checkpoints: Checkpoints;
}

export type NewSource = Pick<KnownSource, 'channel' | 'labels' | 'path' | 'identity' | 'generation'>;

export class Ledger {
  readonly #host: string;
  readonly #bySource = new Map<string, KnownSource>();
  readonly #byIdentity = new SourceIndex<FileIdentity>(new IdentityMap());
  readonly #byPath = new SourceIndex<string>(new Map());
  readonly #labels = new Map<string, Labels>();

  constructor(host: string) {
    this.#host = host;
  }

  /** Takes over what the store holds; positions that this process knew are overwritten. */
  load(records: readonly SourceRecord[]): void {
    // The furthest of the names that one generation of a file was stored under is the one that holds.
    for (const { source, channel, description, position } of inOrderOfNames(records)) {
      const { path, device, inode, generation } = description;
      const labels = this.#shared(description.labels);
      const known =
        this.#bySource.get(stemOf(source)) ??
        newKnown(source, { channel, labels, path, identity: { device, inode }, generation }, position);
      if (known.source !== source || known.channel !== channel) {
        known.earlier = [...known.earlier, storedUnder(known)];
        Object.assign(known, { source, channel, labels });
      }
      known.isStored = true;
      known.position = position;
      known.modifiedNs = bigger(known.modifiedNs, markedTimeNs(position.mark));
      this.#add(known);
    }
  }

  /** What every source stood at, to compare with what the store says a moment later. */
  offsets(): Map<string, number> {
    return new Map(this.all().map(({ source, position }) => [source, position.offset]));
  }

  /**
   * Takes over the store's positions where they are behind `before`: the store lost what it had acknowledged.
   * Returns how many were. Sources that nobody reads, and that the store forgot or never
   * had, are forgotten here too.
   */
  goBack(
    records: readonly SourceRecord[],
    before: ReadonlyMap<string, number>,
    live: ReadonlySet<KnownSource>,
  ): number {
    const stored = new Map(records.map(({ source, position }) => [source, position]));
    let behind = 0;
    for (const known of this.all()) {
      const offset = before.get(known.source);
      const own = stored.get(known.source);
      // Where a move was lost, the source goes on from where it moved.
      const position = own ?? stored.get(known.earlier.at(-1)?.source ?? '');
      if (offset === undefined) continue;
      if (own === undefined && !live.has(known)) {
        this.forget(known);
      } else if ((position?.offset ?? 0) < offset) {
        leavePosition(known);
        known.position = position ?? { offset: 0, mark: '' };
        behind++;
      }
    }
    return behind;
  }

  /** Two agents and every restart give the same generation of a file the same id. */
  admit(found: NewSource): KnownSource {
    const source = sourceId(this.#host, found.identity, found.generation);
    const former = this.#bySource.get(source);
    if (former?.isStored) return former;
    if (former !== undefined) this.forget(former);
    const known = newKnown(source, found, { offset: 0, mark: '' });
    this.#add(known);
    return known;
  }

  /** From its position on the source is stored in another channel or with other labels. */
  move(known: KnownSource, { channel, labels }: Omit<StoredUnder, 'source'>): void {
    if (known.isStored) {
      known.earlier = [...known.earlier, storedUnder(known)];
      known.source = movedSourceId(known.source, known.position.offset, channel, labels);
    }
    known.channel = channel;
    known.labels = labels;
  }

  progress(known: KnownSource, position: SourcePosition): void {
    known.isStored = true;
    if (position.offset !== known.position.offset) leavePosition(known);
    known.position = position;
    known.modifiedNs = bigger(known.modifiedNs, markedTimeNs(position.mark));
  }

  forget(known: KnownSource): void {
    this.#bySource.delete(stemOf(known.source));
    this.#byIdentity.remove(known.identity, known);
    this.#byPath.remove(known.path, known);
  }

  all(): KnownSource[] {
    return [...this.#bySource.values()];
  }

  /** Sources that were read under this path, the one written to last first. */
  ofPath(path: string): KnownSource[] {
    return this.#byPath.all(path).sort(byLastWrite);
  }

  hasPath(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** Sources of this device and inode, the newest generation first. */
  ofIdentity(identity: FileIdentity): KnownSource[] {
    return this.#byIdentity.all(identity).sort((a, b) => b.generation - a.generation);
  }

  /**
   * One that was never stored does not count: another agent, or this one after a restart, may not have seen it, and
   * all of them have to give the file that came after it the same number.
   */
  nextGeneration(identity: FileIdentity): number {
    return (this.ofIdentity(identity).find(({ isStored }) => isStored)?.generation ?? 0) + 1;
  }

  /**
   * After a restart of the machine or a new mount the same device may have another number. Takes a source of the
   * path with a file's inode for the file's, until its mark proves it or not; `isTaken` says which it is not.
   */
  renumber(path: string, identity: FileIdentity, isTaken: (known: KnownSource) => boolean): void {
    if (this.ofIdentity(identity).length > 0) return;
    const isSameInode = (known: KnownSource) => known.identity.inode === identity.inode;
    // Asked for every file beside a path, of which years may be known: few are worth sorting.
    const [known] = this.#byPath
      .all(path)
      .filter((one) => isSameInode(one) && !isTaken(one))
      .sort(byLastWrite);
    if (known === undefined) return;
    this.#byIdentity.remove(known.identity, known);
    known.identity = identity;
    this.#byIdentity.add(identity, known);
  }

  /** The source that the file is: same device and inode, and the bytes that its mark tells. */
  async recognise(file: SourceFile): Promise<KnownSource | undefined> {
    const [newest] = this.ofIdentity(file.identity);
    // Any file fits one of which nothing was ever seen, also another one that has its inode now.
    if (newest === undefined || isBlank(newest)) return undefined;
    return (await fits(file, newest.position)) ? newest : undefined;
  }

  /** Thousands of sources have the same labels. */
  #shared(labels: Labels): Labels {
    const key = labelsKey(labels);
    const same = this.#labels.get(key) ?? labels;
    this.#labels.set(key, same);
    return same;
  }

  #add(known: KnownSource): void {
    this.#bySource.set(stemOf(known.source), known);
    this.#byIdentity.add(known.identity, known);
    this.#byPath.add(known.path, known);
  }
}

/** Whether neither the store nor anything in its file tells of it: an empty file. */
export function isBlank({ isStored, position }: KnownSource): boolean {
  return !isStored && !isEvidence(position);
}

/** The one written to last comes first. */
function byLastWrite(a: KnownSource, b: KnownSource): number {
  return Number(b.modifiedNs - a.modifiedNs) || b.generation - a.generation;
}

/** What holds now is no earlier place yet: of a file that is read at once there is none. */
function leavePosition(known: KnownSource): void {
  known.checkpoints = withCheckpoint(known.checkpoints, known.position);
}

function storedUnder({ source, channel, labels }: StoredUnder): StoredUnder {
  return { source, channel, labels };
}

/** The names of one source next to each other, the furthest last; else in the order of the store. */
function inOrderOfNames(records: readonly SourceRecord[]): SourceRecord[] {
  const byStem = new Map<string, SourceRecord[]>();
  for (const record of records) {
    const stem = stemOf(record.source);
    const names = byStem.get(stem);
    if (names === undefined) byStem.set(stem, [record]);
    else names.push(record);
  }
  return [...byStem.values()].flatMap((names) => names.sort(byOffset));
}

/** A source that has moved and not gone on since stands where it stood before. */
function byOffset(a: SourceRecord, b: SourceRecord): number {
  return a.position.offset - b.position.offset || a.source.length - b.source.length;
}

/** One literal, so that all of them have one shape: put together by spreading, each had a shape of its own. */
function newKnown(
  source: string,
  { channel, labels, path, identity, generation }: NewSource,
  position: SourcePosition,
): KnownSource {
  return {
    source,
    channel,
    labels,
    earlier: NEVER_MOVED,
    isStored: false,
    path,
    identity,
    generation,
    position,
    modifiedNs: 0n,
    checkpoints: NO_CHECKPOINTS,
  };
}

function bigger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
