/**
 * The generations of one path in the order they were written: finds those that have come, opens them, and puts
 * each in its place. It reads no lines; what is over is released by whoever read it.
 */
import type { Archives } from '../archives/archives.js';
import type { Presentation } from '../config/presentation.js';
import type { Claimant, Claims } from '../files/claims.js';
import { type FileLook, isSameFile, isSameLook, LogFile, type SourceFile } from '../files/log-file.js';
import { byAge, merged } from '../rotation/counted-time.js';
import { FilesInHand, type Tie } from '../rotation/files-in-hand.js';
import type { FileOnceSeen } from '../rotation/pursuit.js';
import type { RotatedNames } from '../rotation/rotated-names.js';
import { type Survey, survey } from '../rotation/survey.js';
import { isBlank } from '../sources/ledger.js';
import type { StoreClient } from '../sources/store-access.js';
import type { Notices } from '../status/notices.js';
import { Departures } from './departures.js';
import type { Generation, GenerationContext } from './generation.js';
import { Overtaking } from './overtaking.js';
import { FirstSight, type Sighting } from './sighting.js';
import { type PresentedPath, presentationOf, takeUp } from './taking-up.js';

/** Rotated files of one path that are held open unread, while the store is away. */
const GENERATIONS_MAX = 16;

export interface SuccessionContext extends GenerationContext {
  readonly claims: Claims;
  readonly notices: Notices;
  readonly names: RotatedNames;
  readonly archives: Archives;
  /** Whether a path is looked after as one of its own. */
  isTailed(path: string): boolean;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
}

export interface SuccessionOptions extends PresentedPath {
  /** Undefined where there was nothing at the path when it was found. */
  readonly sighting: Sighting | undefined;
}

/** `again`: names were moving, look once more. `later`: something has to happen first that is not announced. */
export type Update = 'settled' | 'again' | 'later';

export class Succession {
  readonly #context: SuccessionContext;
  readonly #client: StoreClient & Claimant;
  #options: PresentedPath;
  /** Until all that there was at first is taken up. */
  #firstSight: FirstSight | undefined;
  /** The last one is the file at the path, or was it until it was renamed and had no successor yet. */
  #generations: Generation[] = [];
  /** Comes with the first generation whose file is not what it was. */
  #departures: Departures | undefined;
  /** While there is a reason to think so: thousands of paths have none. */
  #overtaking: Overtaking | undefined;
  /** The file that was read last, once it was let go of. */
  #released: FileOnceSeen | undefined;
  /** Files that are open and have no place yet; mostly none. */
  #inHand: FilesInHand | undefined;
  #isFirst = true;
  #isSearchDue = false;
  #hasSiblingChanged = false;
  #isAbsent = false;

  constructor(
    context: SuccessionContext,
    client: StoreClient & Claimant,
    { sighting, ...options }: SuccessionOptions,
  ) {
    this.#context = context;
    this.#client = client;
    this.#options = options;
    this.#firstSight = sighting && new FirstSight(sighting);
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
      await generation.present(presentationOf(generation.known, generation.identity, this.#options));
    }
  }

  /** Rotated files are to be looked through, whether or not the file at the path is another. */
  search(): void {
    this.#isSearchDue = true;
  }

  /** A rotated file beside the path was written to. Those that are read are; one that was let go of may be too. */
  siblingChanged(): void {
    this.#hasSiblingChanged = true;
    this.#searchForSibling();
  }

  get isSearchDue(): boolean {
    return this.#isSearchDue;
  }

  /** Takes up what has come. `seen` is what the path shows. */
  async update(seen: FileLook | undefined): Promise<Update> {
    const current = this.#generations.at(-1);
    const isSame = seen !== undefined && current !== undefined && isSameFile(seen.identity, current.identity);
    const isUnproven = isSame && current.isUnproven;
    const isKept = isSame && !isUnproven;
    const isAway = seen === undefined && current?.isOpen === true;
    // Others may have come and gone to be rotated since the last look.
    const isAwayNow = isAway && !this.#isAbsent;
    this.#isAbsent = seen === undefined;
    if (isKept) current.isRotated = false;
    if ((isKept || (isAway && !isAwayNow)) && !this.#isSearchDue) return 'settled';
    if (this.#generations.length >= GENERATIONS_MAX) await this.#partWithChanged();
    if (this.#generations.length >= GENERATIONS_MAX) return this.#refuse(seen);
    try {
      if (isUnproven) await this.#reconsider(current);
      return await this.#find(seen, isKept ? current : undefined);
    } catch (error) {
      this.#isSearchDue = true;
      throw error;
    }
  }

  /** `kept`: the generation whose file is still at the path. */
  async #find(seen: FileLook | undefined, kept: Generation | undefined): Promise<Update> {
    this.#firstSight?.compare(seen, this.#options, this.#context.ledger);
    await this.#partWithChanged();
    const isCurrentKept = kept !== undefined && this.#generations.includes(kept);
    // A hint that comes meanwhile is for another look.
    this.#isSearchDue = false;
    const found = await this.#survey(isCurrentKept);
    this.#isSearchDue ||= found.outcome !== 'whole';
    const { notices } = this.#context;
    if (this.#overtaking?.tell(this.#options.path, found, notices)) this.#overtaking = undefined;
    await this.#adopt(found, isCurrentKept);
    if (found.outcome !== 'whole') return found.outcome === 'waiting' ? 'later' : 'again';
    this.#isFirst = false;
    this.#firstSight = undefined;
    this.#departures?.tell(this.#options.path, found.older, this.#generations, notices);
    this.#departures = undefined;
    return this.#waitsUnannounced(seen) ? 'later' : 'settled';
  }

  async release(generation: Generation): Promise<void> {
    const { known, modifiedNs } = generation;
    const file = await this.#remove(generation);
    // Of an empty file nothing else tells whether it was written to since.
    if (isBlank(known)) known.modifiedNs = modifiedNs;
    await file?.close();
  }

  /** Lets go of files that have no place yet. */
  async close(): Promise<void> {
    await this.#inHand?.closeBeyond(0);
  }

  async #remove(generation: Generation): Promise<SourceFile | undefined> {
    const { identity, modifiedNs } = generation;
    if (generation === this.#generations.at(-1)) this.#released = { identity, modifiedNs };
    this.#generations = this.#generations.filter((other) => other !== generation);
    const file = await generation.yield();
    this.#context.claims.release(identity, this.#client);
    this.#searchForSibling();
    return file;
  }

  /** What its file is has to be found out anew. It stays open: it may be deleted meanwhile. */
  async #reconsider(generation: Generation): Promise<void> {
    const file = await this.#remove(generation);
    await this.#keep(file, generation.isRotated ? 'reading' : 'place');
  }

  async #keep(file: SourceFile | undefined, tie: Tie): Promise<void> {
    this.#inHand ??= new FilesInHand();
    // What is packed in an archive does not change.
    if (file instanceof LogFile) await this.#inHand.add(file, tie);
    else await file?.close();
  }

  #searchForSibling(): void {
    const isReading = !this.#isAbsent && this.#generations.some(({ isRotated }) => isRotated);
    if (!this.#hasSiblingChanged || isReading) return;
    this.#hasSiblingChanged = false;
    this.#isSearchDue = true;
  }

  /** Releases a generation whose file was truncated, overwritten or lost from sight, and looks for its rest. */
  async partWith(generation: Generation): Promise<void> {
    this.#departures ??= new Departures();
    this.#departures.add(generation);
    await this.#reconsider(generation);
    this.#isSearchDue = true;
  }

  /**
   * Before rotated files are compared with what is known: one may have been copied and truncated, which its
   * reader has not come to see, and one that rests without a handle may be found under another name.
   */
  async #partWithChanged(): Promise<void> {
    for (const generation of this.#generations) {
      if (!(await generation.isStillThere())) await this.partWith(generation);
    }
  }

  #refuse(seen: FileLook | undefined): Update {
    const { notices } = this.#context;
    this.#overtaking ??= new Overtaking();
    if (seen !== undefined && !this.#holds(seen)) this.#overtaking.passOver(seen);
    notices.tooManyWaiting(this.#options.path, this.#generations.length);
    // There is room once one of them is released.
    this.#isSearchDue = true;
    return 'later';
  }

  #holds({ identity }: FileLook): boolean {
    return this.#generations.some((generation) => isSameFile(generation.identity, identity));
  }

  async #survey(isCurrentKept: boolean): Promise<Survey> {
    const { claims } = this.#context;
    const { path } = this.#options;
    const rotated = isCurrentKept ? this.#generations.slice(0, -1) : this.#generations;
    this.#overtaking ??= new Overtaking();
    this.#overtaking.beginSurvey(this.#generations.at(-1) ?? this.#released);
    const inHand = this.#inHand ?? new FilesInHand();
    const found = survey({
      ...{ ...this.#context, path, isCurrentKept, inHand },
      olderMax: GENERATIONS_MAX - this.#generations.length,
      isTaken: (identity) => claims.isClaimed(identity),
      isHeld: async (end) => {
        for (const generation of rotated) if (await generation.holds(end)) return true;
        return false;
      },
      isLive: (known) => this.#generations.some((generation) => generation.known === known),
      onListing: (listed) =>
        this.#overtaking?.see(path, listed, (identity) => inHand.has(identity) || claims.isClaimed(identity)),
    });
    return found.finally(() => {
      this.#inHand = inHand.isEmpty ? undefined : inHand;
    });
  }

  async #adopt(found: Survey, isCurrentKept: boolean): Promise<void> {
    const { older, current, vanished } = found;
    const { notices } = this.#context;
    const { path } = this.#options;
    const kept = isCurrentKept ? this.#generations.slice(-1) : [];
    const earlier = isCurrentKept ? this.#generations.slice(0, -1) : this.#generations;
    const waiting = earlier.filter(({ hasBegun }) => !hasBegun);
    const taken = await takeUp(current === undefined ? older : [...older, current], {
      ...{ context: this.#context, client: this.#client, place: this.#options },
      ...{ firstSight: this.#firstSight, waiting },
      putBack: async (own) => {
        for (const candidate of own)
          await this.#keep(candidate.file, candidate === current ? 'place' : 'reading');
      },
    });
    for (const obstacle of found.obstacles) notices.obstacle(path, obstacle);
    if (this.#isFirst && vanished !== undefined) notices.vanished(path, vanished.position.offset);
    const isSucceeded = current !== undefined || older.some(({ known }) => known === undefined);
    if (isSucceeded && this.#generations.length > 0) notices.rotated(path);
    if (isSucceeded || (!isCurrentKept && found.outcome === 'whole'))
      for (const generation of earlier) generation.isRotated = true;
    const isNewest = ({ identity }: Generation) =>
      current !== undefined && isSameFile(identity, current.file.identity);
    const newest = taken.filter(isNewest);
    const added = taken.filter((generation) => !isNewest(generation));
    for (const generation of added) generation.isRotated = true;
    for (const generation of earlier) generation.rename(found.listed);
    const begun = earlier.filter(({ hasBegun }) => hasBegun);
    const inOrder = byAge(found.countedNs);
    const waitingByAge = merged([...waiting].sort(inOrder), added, inOrder);
    // Put together by spreading, an array of one takes the room of seventeen: there is one for each path.
    this.#generations = begun.concat(waitingByAge, kept, newest);
  }

  /** Whether nobody will say when the file can be had. An owner, by a name it had or another link, will. */
  #waitsUnannounced(seen: FileLook | undefined): boolean {
    if (seen === undefined || this.#holds(seen)) return false;
    return !this.#context.claims.waitFor(seen.identity, this.#client);
  }
}
