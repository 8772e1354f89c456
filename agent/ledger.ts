/**
 * What the agent knows of every source of its host: loaded from the store once, then kept up with what the
 * store acknowledged. It answers whose bytes a file holds. It never makes a position up: where it is behind,
 * opening the source at the store corrects it.
 */
import { hash } from 'node:crypto';
import type { SourcePosition, SourceRecord } from '../shared/store/log-store.js';
import { type FileIdentity, identityKey, type LogFile } from './log-file.js';
import { fits, markedTimeNs } from './mark.js';

/** Earlier places of a source that are remembered to recognise an incomplete copy of it. */
const CHECKPOINTS_MAX = 16;

export interface KnownSource {
  readonly source: string;
  readonly channel: string;
  /** Where the file was when the source was opened first. */
  readonly path: string;
  readonly identity: FileIdentity;
  readonly generation: number;
  position: SourcePosition;
  /** Time of the last write to the file before its bytes were read, in whole milliseconds. */
  modifiedNs: bigint;
  /** Positions that this process saw, oldest first. */
  readonly checkpoints: SourcePosition[];
}

export type NewSource = Pick<KnownSource, 'channel' | 'path' | 'identity' | 'generation'>;

export class Ledger {
  readonly #host: string;
  readonly #bySource = new Map<string, KnownSource>();
  readonly #byIdentity = new Map<string, Set<KnownSource>>();
  readonly #byPath = new Map<string, Set<KnownSource>>();

  constructor(host: string) {
    this.#host = host;
  }

  /** Takes over what the store holds; positions that this process knew are overwritten. */
  load(records: readonly SourceRecord[]): void {
    for (const { source, channel, description, position } of records) {
      const { path, device, inode, generation } = description;
      const known = this.#bySource.get(source) ?? {
        ...{ source, channel, path, identity: { device, inode }, generation, position },
        modifiedNs: 0n,
        checkpoints: [],
      };
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
   * Returns how many were. Sources that nobody reads and the store forgot are forgotten here too.
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
      const position = stored.get(known.source);
      if (offset === undefined) continue;
      if (position === undefined && !live.has(known)) {
        this.forget(known);
      } else if ((position?.offset ?? 0) < offset) {
        known.position = position ?? { offset: 0, mark: '' };
        behind++;
      }
    }
    return behind;
  }

  /** Two agents and every restart give the same generation of a file the same id. */
  admit({ channel, path, identity, generation }: NewSource): KnownSource {
    const source = `${hash('sha256', `${this.#host}\n${identityKey(identity)}`, 'hex').slice(0, 20)}.${generation}`;
    const known = this.#bySource.get(source) ?? {
      ...{ source, channel, path, identity, generation, position: { offset: 0, mark: '' } },
      modifiedNs: 0n,
      checkpoints: [],
    };
    this.#add(known);
    return known;
  }

  progress(known: KnownSource, position: SourcePosition): void {
    known.position = position;
    known.modifiedNs = bigger(known.modifiedNs, markedTimeNs(position.mark));
    known.checkpoints.push(position);
    if (known.checkpoints.length > CHECKPOINTS_MAX) known.checkpoints.shift();
  }

  forget(known: KnownSource): void {
    this.#bySource.delete(known.source);
    this.#byIdentity.get(identityKey(known.identity))?.delete(known);
    this.#byPath.get(known.path)?.delete(known);
  }

  all(): KnownSource[] {
    return [...this.#bySource.values()];
  }

  /** Sources that were read under this path, the one written to last first. */
  ofPath(path: string): KnownSource[] {
    const found = [...(this.#byPath.get(path) ?? [])];
    return found.sort((a, b) => Number(b.modifiedNs - a.modifiedNs) || b.generation - a.generation);
  }

  hasPath(path: string): boolean {
    return (this.#byPath.get(path)?.size ?? 0) > 0;
  }

  /** Sources of this device and inode, the newest generation first. */
  ofIdentity(identity: FileIdentity): KnownSource[] {
    const found = [...(this.#byIdentity.get(identityKey(identity)) ?? [])];
    return found.sort((a, b) => b.generation - a.generation);
  }

  nextGeneration(identity: FileIdentity): number {
    return (this.ofIdentity(identity)[0]?.generation ?? 0) + 1;
  }

  /** The source that the file is: same device and inode, and the bytes that its mark tells. */
  async recognise(file: LogFile): Promise<KnownSource | undefined> {
    const [newest] = this.ofIdentity(file.identity);
    return newest !== undefined && (await fits(file, newest.position)) ? newest : undefined;
  }

  #add(known: KnownSource): void {
    this.#bySource.set(known.source, known);
    addTo(this.#byIdentity, identityKey(known.identity), known);
    addTo(this.#byPath, known.path, known);
  }
}

function addTo<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, new Set([value]));
  else values.add(value);
}

function bigger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
