/**
 * The generations of one path in the order they were written: finds those that have come, opens them, and puts
 * each in its place. It reads no lines; what is over is released by whoever read it.
 */
import type { Archives } from '../archives/archives.js';
import type { Presentation } from '../config/presentation.js';
import type { Claimant, Claims } from '../files/claims.js';
import { type FileIdentity, type FileLook, identityKey, isSameFile, isSameLook } from '../files/log-file.js';
import { lastLineEnd } from '../lines/line-end.js';
import type { Candidate } from '../rotation/candidates.js';
import type { CountedTime } from '../rotation/counted-time.js';
import { type FileOnceRead, isOvertaken, PassedOver } from '../rotation/passed-over.js';
import type { RotatedNames } from '../rotation/rotated-names.js';
import { compareRotationAge } from '../rotation/rotation-name.js';
import { type Survey, survey } from '../rotation/survey.js';
import type { KnownSource } from '../sources/ledger.js';
import type { StoreClient } from '../sources/store-access.js';
import type { Notices } from '../status/notices.js';
import { Generation, type GenerationContext } from './generation.js';
import { lossOf } from './losses.js';

/** Rotated files of one path that are held open unread, while the store is away. */
const GENERATIONS_MAX = 16;

export interface SuccessionContext extends GenerationContext {
  readonly claims: Claims;
  readonly notices: Notices;
  readonly names: RotatedNames;
  readonly archives: Archives;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
}

export interface SuccessionOptions extends Presentation {
  /** Absolute. */
  readonly path: string;
  /** If nobody has read the file before: its size when the agent saw it first, to leave out what is in it. */
  readonly skipBytes: number;
}

/** `again`: names were moving, look once more. `later`: something has to happen first that is not announced. */
export type Update = 'settled' | 'again' | 'later';

interface Departed {
  readonly generation: Generation;
  readonly isGone: boolean;
}

const NOBODY: readonly Departed[] = [];

export class Succession {
  readonly #context: SuccessionContext;
  readonly #client: StoreClient & Claimant;
  #options: SuccessionOptions;
  /** The last one is the file at the path, or was it until it was renamed and had no successor yet. */
  #generations: Generation[] = [];
  /** Released because their files are not what they were, until it is clear what became of their bytes. */
  #departed: readonly Departed[] = NOBODY;
  /** Comes when files have to be passed over: thousands of paths never need it. */
  #passedOver: PassedOver | undefined;
  /** The file that was read last, once it was let go of. */
  #released: FileOnceRead | undefined;
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

  /** The look, or an equal one that is kept anyway. */
  sameAs(seen: FileLook | undefined): FileLook | undefined {
    const kept = this.#generations.at(-1)?.look;
    return seen !== undefined && kept !== undefined && isSameLook(kept, seen) ? kept : seen;
  }

  get presentation(): Presentation {
    return this.#options;
  }

  /** From what was not read yet on, the path's lines are presented in another way. */
  async present(presentation: Presentation): Promise<void> {
    this.#options = { ...this.#options, ...presentation };
    for (const generation of this.#generations) {
      await generation.present(this.#presentationOf(generation.known, generation.identity));
    }
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
    if (this.#generations.length >= GENERATIONS_MAX) return this.#refuse(seen);
    if (isUnproven) await this.release(current);
    await this.#partWithChanged();
    const isCurrentKept = isKept && this.#generations.includes(current);
    const found = await this.#survey(isCurrentKept);
    this.#isSearchDue = found.isIncomplete;
    this.#tellOvertaken(found);
    await this.#adopt(found, isCurrentKept);
    if (found.isIncomplete) return found.isWaiting ? 'later' : 'again';
    this.#isFirst = false;
    this.#tellDeparted(found);
    return this.#isTakenElsewhere(seen) ? 'later' : 'settled';
  }

  async release(generation: Generation): Promise<void> {
    const { identity, modifiedNs } = generation;
    if (generation === this.#generations.at(-1)) this.#released = { identity, modifiedNs };
    this.#generations = this.#generations.filter((other) => other !== generation);
    await generation.close();
    this.#context.claims.release(generation.key, this.#client);
  }

  /** Releases a generation whose file was truncated, overwritten or lost from sight, and looks for its rest. */
  async partWith(generation: Generation): Promise<void> {
    this.#departed = [...this.#departed, { generation, isGone: !generation.isOpen }];
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

  #refuse(seen: FileLook | undefined): Update {
    const { notices, access } = this.#context;
    const isHeld = this.#generations.some(({ identity }) => seen && isSameFile(identity, seen.identity));
    this.#passedOver ??= new PassedOver();
    if (seen !== undefined && !isHeld) this.#passedOver.see(seen);
    notices.tooManyWaiting(this.#options.path, this.#generations.length);
    return access.isAway ? 'later' : 'again';
  }

  #survey(isCurrentKept: boolean): Promise<Survey> {
    const { claims } = this.#context;
    const rotated = isCurrentKept ? this.#generations.slice(0, -1) : this.#generations;
    return survey({
      ...this.#context,
      path: this.#options.path,
      isCurrentKept,
      olderMax: GENERATIONS_MAX - this.#generations.length,
      isTaken: (identity) => claims.isClaimed(identityKey(identity)),
      isHeld: async (end) => {
        for (const generation of rotated) if (await generation.holds(end)) return true;
        return false;
      },
      isLive: (known) => this.#generations.some((generation) => generation.known === known),
    });
  }

  async #adopt(found: Survey, isCurrentKept: boolean): Promise<void> {
    const { older, current, hasPast, vanished } = found;
    const { notices } = this.#context;
    const { path, skipBytes } = this.#options;
    for (const obstacle of found.obstacles) notices.obstacle(path, obstacle);
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
    for (const generation of begun) generation.rename(found.listed);
    const waiting = earlier.filter(({ hasBegun }) => !hasBegun);
    // They may have been written to and renamed since they were taken up, and by that their age is told.
    for (const generation of waiting) {
      await generation.refresh();
      generation.rename(found.listed);
    }
    const waitingByAge = [...waiting, ...added].sort(byAge(found.countedNs));
    // Put together by spreading, an array of one takes the room of seventeen: there is one for each path.
    this.#generations = begun.concat(waitingByAge, kept, newest);
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
    const { path, channel, labels, format } = this.#options;
    const { file, look } = candidate;
    const { identity } = file;
    const generation = ledger.nextGeneration(identity);
    const known = candidate.known ?? ledger.admit({ channel, labels, path, identity, generation });
    const initialOffset = await lastLineEnd(file, Math.min(skipBytes, look.size), format.encoding);
    const options = {
      ...candidate,
      known,
      initialOffset,
      presentation: this.#presentationOf(known, identity),
    };
    return Generation.of(this.#context, this.#client, options);
  }

  /** What was begun under another path, or goes on in a copy, stays in its channel to its end. */
  #presentationOf(known: KnownSource, identity: FileIdentity): Presentation {
    const isOwn = known.path === this.#options.path && isSameFile(known.identity, identity);
    return isOwn ? this.#options : { ...this.#options, channel: known.channel, labels: known.labels };
  }

  /** Another path has the file still: it was renamed, or is linked twice. */
  #isTakenElsewhere(seen: FileLook | undefined): boolean {
    if (seen === undefined || this.#generations.some(({ identity }) => isSameFile(identity, seen.identity))) {
      return false;
    }
    this.#context.claims.wakeOwner(identityKey(seen.identity), this.#client);
    return true;
  }

  #tellOvertaken(found: Survey): void {
    const last = this.#generations.at(-1) ?? this.#released;
    if (last === undefined || found.listed.length === 0) return;
    const overtaken = this.#passedOver?.settle(found.listed.map(({ look }) => look.identity));
    this.#passedOver = undefined;
    if (isOvertaken(last, found)) this.#context.notices.overtaken(this.#options.path, overtaken);
  }

  /** A rotated file of which nobody knew is most likely a copy of what was cut off last. */
  #tellDeparted({ older }: Survey): void {
    const strangers = older.filter(({ known }) => known === undefined);
    const copiedBytes = strangers.reduce((sum, { look }) => sum + look.size, 0);
    const departed = this.#departed;
    this.#departed = NOBODY;
    for (const { generation, isGone } of departed) {
      const rest = this.#generations.find((other) => other.known === generation.known);
      // One that was truncated before anything of it was stored may be the same source still.
      const isInCopy = rest?.isCopy === true;
      const restBytes = isGone || isInCopy ? (rest?.size ?? 0) : 0;
      const loss = lossOf(this.#options.path, generation, { restBytes, copiedBytes });
      if (isGone) this.#context.notices.gone(loss);
      else this.#context.notices.truncated(loss, isInCopy);
    }
  }

  sources(): KnownSource[] {
    return this.#generations.map(({ known }) => known);
  }
}

function byAge(countedNs: CountedTime): (a: Generation, b: Generation) => number {
  return (a, b) => {
    const [aNs, bNs] = [countedNs(a.path, a.modifiedNs), countedNs(b.path, b.modifiedNs)];
    return aNs === bNs ? compareRotationAge(a.path, b.path) : aNs < bNs ? -1 : 1;
  };
}
