/**
 * Looks at a path and the rotated files beside it, and says which of them hold bytes that are not in the
 * store, in the order they were written. It opens files and compares marks; it appends nothing.
 */
import type { Archives } from '../archives/archives.js';
import { type FileIdentity, type FileLook, openLogFile, type SourceFile } from '../files/log-file.js';
import { isEvidence } from '../files/mark.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { type ArchiveObstacle, ArchiveSurvey } from './archive-survey.js';
import { type Candidate, candidateOf, candidatesByAge, candidatesOf, closeAll } from './candidates.js';
import { byAge, type CountedTime, countedTimes, merged } from './counted-time.js';
import type { FilesInHand } from './files-in-hand.js';
import { type JudgementOptions, judge, type Scene } from './judgement.js';
import { absentOf, isAfterAll, isWorthwhile } from './looks.js';
import type { RotatedNames } from './rotated-names.js';
import { isCompressedName, uncompressedName } from './rotation-name.js';
import { isListed, isSameListing, type Listed, listSiblings } from './sibling-listing.js';
import { behindCopies } from './truncated-in-hand.js';

/**
 * `crowded`: there were more files than asked for. `moving`: names were, and `waiting`: an archive is being written;
 * then nothing was found out yet. After all but `whole` another survey is needed.
 */
export type SurveyOutcome = 'whole' | 'crowded' | 'moving' | 'waiting';

export interface Survey {
  /** Rotated files with unread bytes, oldest first. */
  readonly older: readonly Candidate[];
  /** The file at the path; undefined where there is none, somebody has it already, or it has to wait. */
  readonly current: Candidate | undefined;
  readonly outcome: SurveyOutcome;
  /** Archives that may hold unread bytes and cannot be read. */
  readonly obstacles: readonly ArchiveObstacle[];
  /** All files that were looked at, by the names they had at one instant. */
  readonly listed: readonly Listed[];
  readonly countedNs: CountedTime;
  /** The source that was read last under this path, if its bytes are nowhere to be found. */
  readonly vanished: KnownSource | undefined;
}

export interface SurveyOptions extends JudgementOptions {
  readonly names: RotatedNames;
  readonly archives: Archives;
  /** How long an archive without an end may stay as it is before it counts as damaged. */
  readonly lingerMs: number;
  /** Older files to return at the most. */
  readonly olderMax: number;
  /** Whether a file is being read already, here or under another path. */
  isTaken(identity: FileIdentity): boolean;
  /** Whether a path is looked after as one of its own. */
  isTailed(path: string): boolean;
  /** What earlier surveys opened and could not place, too. What this one cannot is there afterwards. */
  readonly inHand: FilesInHand;
  /** The names at one look, also where they had moved on at the next one. */
  onListing(listed: readonly Listed[]): void;
}

const NOTHING: Survey = {
  ...{ older: [], current: undefined, listed: [], vanished: undefined },
  countedNs: ({ modifiedNs }) => modifiedNs,
  ...{ outcome: 'whole', obstacles: [] },
};

/** What it finds is the caller's to close. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { path, ledger, inHand, olderMax } = options;
  if (inHand.isEmpty && ledger.ofPath(path).length === 0) {
    const first = await surveyFirst(options);
    if (first !== undefined) return first;
  }
  try {
    const found = await surveyAll(options);
    if (found !== undefined) return found;
  } finally {
    await inHand.closeBeyond(olderMax);
  }
  return { ...NOTHING, outcome: 'moving' };
}

/** A path that nobody has read has no earlier generations; undefined where its file is known after all. */
async function surveyFirst({ path, ledger, isTaken }: SurveyOptions): Promise<Survey | undefined> {
  const file = await openLogFile(path);
  if (file === undefined) return NOTHING;
  try {
    if (ledger.ofIdentity(file.identity).length === 0 && !isTaken(file.identity))
      return { ...NOTHING, current: await candidateOf(file, ledger) };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Undefined where names were moving. */
async function surveyAll(options: SurveyOptions): Promise<Survey | undefined> {
  const { path, ledger, inHand } = options;
  const listing = { ...options, sought: soughtOf(options) };
  const listed = await listSiblings(listing);
  if (listed === undefined) return undefined;
  const isTaken = (known: KnownSource) => options.isLive(known) || isListed(known.identity, listed);
  for (const { look } of listed) ledger.renumber(path, look.identity, isTaken);
  const countedNs = countedTimes(rotatedAmong(listed, path), ({ look }) => readNsOf(look, ledger));
  const oldestFirst = listed.toSorted(listedByAge(path, countedNs));
  const opening = openWorthwhile(oldestFirst, countedNs, options);
  const candidates = await opening.finally(() => inHand.arrange(oldestFirst));
  options.onListing(listed);
  if (candidates === undefined) return undefined;
  // The copy that explains why a file is shorter may have come after the first listing.
  const again = await listSiblings(listing);
  if (isSameListing(listed, again)) return choose({ listed, countedNs, candidates }, options);
  const newest = again?.find((entry) => entry.path === path);
  if (newest !== undefined && !options.isTaken(newest.look.identity)) await inHand.open(newest, 'place');
  if (again !== undefined) options.onListing(again);
  return undefined;
}

/** The file that was read last, if nobody has it: it may have been given a name that no rotation gives. */
function soughtOf({ path, ledger, isTaken, isLive }: SurveyOptions): FileIdentity | undefined {
  const [newest] = ledger.ofPath(path);
  if (newest === undefined || isLive(newest) || !isEvidence(newest.position)) return undefined;
  const isLatest = ledger.ofIdentity(newest.identity)[0] === newest;
  return isLatest && !isTaken(newest.identity) ? newest.identity : undefined;
}

/**
 * Opens what may hold something unread, in the given order; undefined if a name was given to another file meanwhile.
 */
async function openWorthwhile(
  listed: readonly Listed[],
  countedNs: CountedTime,
  options: SurveyOptions,
): Promise<Candidate[] | undefined> {
  const { path, ledger, inHand, isTaken, isLive, isCurrentKept } = options;
  const past = ledger.ofPath(path);
  const absent = absentOf(past, listed, ledger).filter((known) => !isLive(known));
  const isOwn = ({ look: { identity } }: Listed) => inHand.wasAtPath(identity) || inHand.wasRead(identity);
  const mayHoldUnread = (entry: Listed) =>
    isOwn(entry) || isWorthwhile(entry, past, absent, ledger, countedNs);
  const isExpected = (entry: Listed) => !isCurrentKept && isYoungAndEmpty(entry, past, options);
  const worthwhile = listed.filter((entry) => {
    if (isTaken(entry.look.identity)) return false;
    return entry.path === path ? !isCurrentKept : mayHoldUnread(entry) || isExpected(entry);
  });
  const candidates: Candidate[] = [];
  for (const entry of worthwhile) {
    const file = await inHand.open(entry, entry.path === path ? 'place' : 'name');
    if (file === undefined) return undefined;
    const candidate = await candidateOf(file, ledger);
    // The inode was used again by a file that is none of this path's.
    const isOther = entry.isStray && candidate.known === undefined && !isOwn(entry);
    if (isOther) await inHand.discard(file);
    else candidates.push(candidate);
  }
  for (const file of inHand.nameless(listed)) {
    // No name leads to a new handle.
    if (file.isStale) await inHand.discard(file);
    else if (!isTaken(file.identity)) candidates.push(await candidateOf(file, ledger));
  }
  for (const { file, unreadMark } of candidates) await inHand.begin(file, unreadMark);
  return candidates;
}

/** The one written to last comes last: the others are read before it, and deleted before it. */
function listedByAge(path: string, countedNs: CountedTime): (a: Listed, b: Listed) => number {
  const inOrder = byAge(countedNs);
  return (a, b) => Number(a.path === path) - Number(b.path === path) || inOrder(a, b);
}

/** It was renamed a moment ago, and came after all that was read: its writer may not have turned to the next one yet. */
function isYoungAndEmpty(
  { path, look, changedNs }: Listed,
  past: readonly KnownSource[],
  { ledger, lingerMs }: SurveyOptions,
): boolean {
  if (look.size > 0 || isCompressedName(path) || ledger.ofIdentity(look.identity).length > 0) return false;
  return isAfterAll(look.modifiedNs, past) && Date.now() - Number(changedNs / 1_000_000n) < lingerMs;
}

async function choose(scene: Scene, options: SurveyOptions): Promise<Survey> {
  const { inHand, olderMax } = options;
  const { listed, countedNs } = scene;
  const { current, plain, ...rest } = await judge(scene, options);
  const { past, missing } = rest;
  const archives = new ArchiveSurvey({ ...options, ...rest });
  const { obstacles } = archives;
  const given = new Set<SourceFile | undefined>();
  try {
    const standing = await archives.examine(archivesAmong(listed));
    if (standing !== 'settled') return { ...NOTHING, outcome: standing, obstacles };
    const unpacked = await candidatesOf(archives, plain, current);
    const inOrder = candidatesByAge(countedNs, inHand, archives);
    const byTime = merged(unpacked.sort(inOrder), plain.toSorted(inOrder), inOrder);
    const found = await behindCopies(byTime, inHand);
    const outcome = found.length > olderMax ? 'crowded' : 'whole';
    const chosen = {
      older: found.slice(0, olderMax),
      // Else the ones in between would count as read before their time.
      current: outcome === 'crowded' ? undefined : current,
    };
    for (const candidate of [...chosen.older, chosen.current]) given.add(candidate?.file);
    await inHand.give(given);
    const [newest] = past;
    const vanished = newest !== undefined && missing.includes(newest) ? newest : undefined;
    return { ...chosen, outcome, obstacles, listed, countedNs, vanished };
  } finally {
    await closeAll(archives.finds.filter(({ file }) => !given.has(file)));
  }
}

function readNsOf({ identity }: FileLook, ledger: Ledger): bigint | undefined {
  return ledger.ofIdentity(identity)[0]?.modifiedNs;
}

/** Of a stray the name tells no age. */
function rotatedAmong(listed: readonly Listed[], path: string): Listed[] {
  return listed.filter(
    (entry) => entry.path !== path && !isCompressedName(entry.path) && entry.isStray === undefined,
  );
}

/** While the file that it was made of is still there, an archive is of no account: it may be half written. */
function archivesAmong(listed: readonly Listed[]): Listed[] {
  const paths = new Set(listed.map(({ path }) => path));
  return listed.filter(({ path }) => isCompressedName(path) && !paths.has(uncompressedName(path)));
}
