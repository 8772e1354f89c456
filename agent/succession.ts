/**
 * The generations of one path in the order they were written: finds those that have come, opens them, and puts
 * each in its place. It reads no lines; what is over is released by whoever read it.
 */
import type { Claimant, Claims } from './claims.js';
import { Generation, type GenerationContext } from './generation.js';
import type { KnownSource } from './ledger.js';
import { lastLineEnd } from './line-end.js';
import { type FileLook, identityKey, isSameFile } from './log-file.js';
import type { Notices } from './notices.js';
import type { RotatedNames } from './rotated-names.js';
import { compareRotationAge } from './rotation-name.js';
import type { StoreClient } from './store-access.js';
import { type Candidate, type Survey, survey } from './survey.js';

/** Rotated files of one path that are held open unread, while the store is away. */
const GENERATIONS_MAX = 16;

export interface SuccessionContext extends GenerationContext {
  readonly claims: Claims;
  readonly notices: Notices;
  readonly names: RotatedNames;
}

export interface SuccessionOptions {
  /** Absolute. */
  readonly path: string;
  readonly channel: string;
  readonly labels: Readonly<Record<string, string>>;
  /** If nobody has read the file before: its size when the agent saw it first, to leave out what is in it. */
  readonly skipBytes: number;
}

/** `again`: names were moving, look once more. `later`: something has to happen first that is not announced. */
export type Update = 'settled' | 'again' | 'later';

export class Succession {
  readonly #context: SuccessionContext;
  readonly #client: StoreClient & Claimant;
  readonly #options: SuccessionOptions;
  /** The last one is the file at the path, or was it until it was renamed and had no successor yet. */
  #generations: Generation[] = [];
  /** Released because their files are not what they were, until it is clear what became of their bytes. */
  readonly #departed: { readonly generation: Generation; readonly isGone: boolean }[] = [];
  #isFirst = true;
  #isSearchDue = false;

  constructor(context: SuccessionContext, client: StoreClient & Claimant, options: SuccessionOptions) {
    this.#context = context;
    this.#client = client;
    this.#options = options;
  }

  /** Oldest first. */
  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** Rotated files are to be looked through, whether or not the file at the path is another. */
  search(): void {
    this.#isSearchDue = true;
  }

  /** Takes up what has come. `seen` is what the path shows. */
  async update(seen: FileLook | undefined): Promise<Update> {
    const current = this.#generations.at(-1);
    const isSame = seen !== undefined && current !== undefined && isSameFile(seen.identity, current.identity);
    const isUnproven = isSame && current.isUnproven;
    const isKept = isSame && !isUnproven;
    const isAway = seen === undefined && current?.isOpen === true;
    if ((isKept || isAway) && !this.#isSearchDue) return 'settled';
    if (this.#generations.length >= GENERATIONS_MAX) return this.#refuse();
    if (isUnproven) await this.release(current);
    await this.#partWithChanged();
    const isCurrentKept = isKept && this.#generations.includes(current);
    const found = await this.#survey(isCurrentKept);
    this.#isSearchDue = found.isIncomplete;
    await this.#adopt(found, isCurrentKept);
    if (found.isIncomplete) return 'again';
    this.#isFirst = false;
    this.#tellDeparted();
    return this.#isTakenElsewhere(seen) ? 'later' : 'settled';
  }

  async release(generation: Generation): Promise<void> {
    this.#generations = this.#generations.filter((other) => other !== generation);
    await generation.close();
    this.#context.claims.release(generation.key, this.#client);
  }

  /** Releases a generation whose file was truncated, overwritten or lost from sight, and looks for its rest. */
  async partWith(generation: Generation): Promise<void> {
    this.#departed.push({ generation, isGone: !generation.isOpen });
    await this.release(generation);
    this.#isSearchDue = true;
  }

  /**
   * Before rotated files are compared with what is known: one whose turn has not come may have been copied and
   * truncated, and one that rests without a handle may be found under another name.
   */
  async #partWithChanged(): Promise<void> {
    for (const generation of this.#generations) {
      if (!(await generation.isStillThere())) await this.partWith(generation);
    }
  }

  #refuse(): Update {
    const { notices, access } = this.#context;
    notices.tooManyWaiting(this.#options.path, this.#generations.length);
    return access.isAway ? 'later' : 'again';
  }

  #survey(isCurrentKept: boolean): Promise<Survey> {
    const { ledger, claims, names } = this.#context;
    return survey({
      path: this.#options.path,
      ledger,
      names,
      isCurrentKept,
      olderMax: GENERATIONS_MAX - this.#generations.length,
      isTaken: (identity) => claims.isClaimed(identityKey(identity)),
      isLive: (known) => this.#generations.some((generation) => generation.known === known),
    });
  }

  async #adopt(found: Survey, isCurrentKept: boolean): Promise<void> {
    const { older, current, hasPast, vanished } = found;
    const { notices } = this.#context;
    const { path, skipBytes } = this.#options;
    if (this.#isFirst && vanished !== undefined) notices.vanished(path, vanished.position.offset);
    const isSucceeded = current !== undefined || older.some(({ known }) => known === undefined);
    if (isSucceeded && this.#generations.length > 0) notices.rotated(path);
    if (isSucceeded) for (const generation of this.#generations) generation.isRotated = true;
    const kept = isCurrentKept ? this.#generations.slice(-1) : [];
    const earlier = isCurrentKept ? this.#generations.slice(0, -1) : this.#generations;
    const added = await this.#generationsOf(older, 0);
    for (const generation of added) generation.isRotated = true;
    const isFresh = !hasPast && current?.known === undefined;
    const newest = await this.#generationsOf(current === undefined ? [] : [current], isFresh ? skipBytes : 0);
    const begun = earlier.filter(({ hasBegun }) => hasBegun);
    const waiting = earlier.filter(({ hasBegun }) => !hasBegun);
    // They may have been written to and renamed since they were taken up, and by that their age is told.
    for (const generation of waiting) {
      await generation.refresh();
      generation.rename(found.listed);
    }
    this.#generations = [...begun, ...[...waiting, ...added].sort(byAge), ...kept, ...newest];
  }

  async #generationsOf(candidates: readonly Candidate[], skipBytes: number): Promise<Generation[]> {
    const generations: Generation[] = [];
    for (const candidate of candidates) {
      const { file } = candidate;
      const key = identityKey(file.identity);
      try {
        if (this.#context.claims.claim(key, this.#client))
          generations.push(await this.#generationOf(candidate, skipBytes));
        else await file.close();
      } catch (error) {
        // Only a fresh file is read from here, to skip what it holds, and it is the only one then.
        this.#context.claims.release(key, this.#client);
        await file.close();
        throw error;
      }
    }
    return generations;
  }

  async #generationOf(candidate: Candidate, skipBytes: number): Promise<Generation> {
    const { ledger } = this.#context;
    const { path, channel, labels } = this.#options;
    const { file, look } = candidate;
    const { identity } = file;
    const generation = ledger.nextGeneration(identity);
    const known = candidate.known ?? ledger.admit({ channel, path, identity, generation });
    const initialOffset = await lastLineEnd(file, Math.min(skipBytes, look.size));
    const options = { ...candidate, known, initialOffset, labels };
    return Generation.of(this.#context, this.#client, options);
  }

  /** Another path has the file still: it was renamed, or is linked twice. */
  #isTakenElsewhere(seen: FileLook | undefined): boolean {
    if (seen === undefined || this.#generations.some(({ identity }) => isSameFile(identity, seen.identity))) {
      return false;
    }
    this.#context.claims.wakeOwner(identityKey(seen.identity), this.#client);
    return true;
  }

  #tellDeparted(): void {
    for (const { generation, isGone } of this.#departed.splice(0)) {
      const { known, largestSize } = generation;
      const rest = this.#generations.find((other) => other.known === known);
      const appendedBytes = known.position.offset;
      const lostBytes = Math.max(0, largestSize - Math.max(appendedBytes, rest?.size ?? 0));
      const loss = { path: this.#options.path, appendedBytes, seenBytes: largestSize, lostBytes };
      if (isGone) this.#context.notices.gone(loss);
      else this.#context.notices.truncated(loss, rest !== undefined);
    }
  }

  sources(): KnownSource[] {
    return this.#generations.map(({ known }) => known);
  }
}

function byAge(a: Generation, b: Generation): number {
  if (a.modifiedNs !== b.modifiedNs) return a.modifiedNs < b.modifiedNs ? -1 : 1;
  return compareRotationAge(a.path, b.path);
}
