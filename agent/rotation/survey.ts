/**
 * Looks at a path and the rotated files beside it, and says which of them hold bytes that are not in the
 * store, in the order they were written. It opens files and compares marks; it appends nothing.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import type { Archives } from '../archives/archives.js';
import {
  type FileIdentity,
  type FileLook,
  isSameFile,
  openLogFile,
  openSameFile,
} from '../files/log-file.js';
import { isEvidence, MarkTrail } from '../files/mark.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { type ArchiveObstacle, ArchiveSurvey } from './archive-survey.js';
import {
  type Candidate,
  candidateOf,
  candidatesByAge,
  candidatesOf,
  closeAll,
  copyOf,
  hasUnread,
  type Opened,
} from './candidates.js';
import { isCopyOfAny, isPartOfAny, originalOf } from './copies.js';
import { type CountedTime, countedTimes } from './counted-time.js';
import { absentOf, isAfterAll, isWorthwhile, wholesOf } from './looks.js';
import type { RotatedNames } from './rotated-names.js';
import { isCompressedName, uncompressedName } from './rotation-name.js';
import { isSameListing, type Listed, listSiblings } from './sibling-listing.js';

export interface Survey {
  /** Rotated files with unread bytes, oldest first. */
  readonly older: readonly Candidate[];
  /** The file at the path; undefined where there is none, somebody has it already, or it has to wait. */
  readonly current: Candidate | undefined;
  /** Whether another survey is needed: names were moving, or there were more files than asked for. */
  readonly isIncomplete: boolean;
  /** Whether it is needed because an archive is being written. */
  readonly isWaiting: boolean;
  /** Archives that may hold unread bytes and cannot be read. */
  readonly obstacles: readonly ArchiveObstacle[];
  /** All files that were looked at, by the names they had at one instant. */
  readonly listed: readonly Listed[];
  readonly countedNs: CountedTime;
  /** The source that was read last under this path, if its bytes are nowhere to be found. */
  readonly vanished: KnownSource | undefined;
}

export interface SurveyOptions {
  readonly path: string;
  readonly ledger: Ledger;
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
  /** Sources that are being read already. */
  isLive(known: KnownSource): boolean;
  /** Whether a rotated file that is being read holds all that ends at this place. */
  isHeld(end: SourcePosition): Promise<boolean>;
  /** Whether the file at the path is the one that was there before: then nothing came in between. */
  readonly isCurrentKept: boolean;
}

const NOTHING: Survey = {
  ...{ older: [], current: undefined, listed: [], vanished: undefined },
  countedNs: (_path, modifiedNs) => modifiedNs,
  ...{ isIncomplete: false, isWaiting: false, obstacles: [] },
};

const INCOMPLETE: Survey = { ...NOTHING, isIncomplete: true };

export async function survey(options: SurveyOptions): Promise<Survey> {
  const { path, ledger } = options;
  if (ledger.ofPath(path).length === 0) {
    const first = await surveyFirst(options);
    if (first !== undefined) return first;
  }
  const sought = soughtOf(options);
  const listed = await listSiblings({ ...options, sought });
  if (listed === undefined) return INCOMPLETE;
  const isTaken = (known: KnownSource) =>
    options.isLive(known) || listed.some(({ look }) => isSameFile(look.identity, known.identity));
  for (const { look } of listed) ledger.renumber(path, look.identity, isTaken);
  const countedNs = countedTimes(rotatedAmong(listed, path), ({ look }) => readNsOf(look, ledger));
  const candidates = await openWorthwhile(listed, countedNs, options);
  if (candidates === undefined) return INCOMPLETE;
  const opened: Opened[] = [...candidates];
  try {
    // The copy that explains why a file is shorter may have come after the first listing.
    if (!isSameListing(listed, await listSiblings({ ...options, sought }))) {
      await closeAll(opened);
      return INCOMPLETE;
    }
    const choice = await choose(candidates, opened, { listed, countedNs }, options);
    const result = { ...choice, listed, countedNs };
    const chosen = new Set([...result.older, result.current].map((candidate) => candidate?.file));
    await closeAll(opened.filter(({ file }) => !chosen.has(file)));
    return result;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** A path that nobody has read has no earlier generations; undefined where its file is known after all. */
async function surveyFirst({ path, ledger, isTaken }: SurveyOptions): Promise<Survey | undefined> {
  const file = await openLogFile(path);
  if (file !== undefined && ledger.ofIdentity(file.identity).length === 0 && !isTaken(file.identity)) {
    const current = await candidateOf(file, ledger);
    return { ...NOTHING, current };
  }
  await file?.close();
  return file === undefined ? NOTHING : undefined;
}

/** The file that was read last, if nobody has it: it may have been given a name that no rotation gives. */
function soughtOf({ path, ledger, isTaken, isLive }: SurveyOptions): FileIdentity | undefined {
  const [newest] = ledger.ofPath(path);
  if (newest === undefined || isLive(newest) || !isEvidence(newest.position)) return undefined;
  const isLatest = ledger.ofIdentity(newest.identity)[0] === newest;
  return isLatest && !isTaken(newest.identity) ? newest.identity : undefined;
}

/** Opens what may hold something unread; undefined if a name was given to another file meanwhile. */
async function openWorthwhile(
  listed: readonly Listed[],
  countedNs: CountedTime,
  options: SurveyOptions,
): Promise<Candidate[] | undefined> {
  const { path, ledger, isTaken, isLive, isCurrentKept } = options;
  const past = ledger.ofPath(path);
  const absent = absentOf(past, listed, ledger).filter((known) => !isLive(known));
  const opened: Candidate[] = [];
  try {
    for (const entry of listed) {
      const { identity } = entry.look;
      const isWanted =
        entry.path === path ? !isCurrentKept : isWorthwhile(entry, past, absent, ledger, countedNs);
      if (!isWanted || isTaken(identity)) continue;
      const file = await openSameFile(entry.path, identity);
      if (file === undefined) {
        await closeAll(opened);
        return undefined;
      }
      const candidate = await candidateOf(file, ledger);
      // The inode was used again by a file that is none of this path's.
      if (entry.isStray && candidate.known === undefined) await file.close();
      else opened.push(candidate);
    }
    return opened;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Adds to `opened` what it opens. */
async function choose(
  candidates: readonly Candidate[],
  opened: Opened[],
  { listed, countedNs }: Pick<Survey, 'listed' | 'countedNs'>,
  options: SurveyOptions,
): Promise<Omit<Survey, 'listed' | 'countedNs'>> {
  const { path, ledger, olderMax, isCurrentKept, isLive } = options;
  const current = candidates.find(({ file }) => file.path === path);
  const beside = candidates.filter((candidate) => candidate !== current);
  const past = ledger.ofPath(path);
  const inOrder = candidatesByAge(countedNs);
  const recognised = beside.filter(({ known }) => known !== undefined);
  const found = new Set([
    ...wholesOf(listed, ledger),
    ...[...recognised, current].map((candidate) => candidate?.known),
  ]);
  const missing = past.filter((known) => !found.has(known) && !isLive(known));
  const strangers = beside.filter(({ known }) => known === undefined).sort((a, b) => inOrder(b, a));
  const mayBeUnseen = ({ file, look }: Candidate) =>
    isAfterAll(countedNs(file.path, look.modifiedNs), past) || hasKnown(look, ledger);
  const { copies, unseen } = await sortOut(strangers, missing, past, mayBeUnseen);
  const isUnbroken = isCurrentKept || (current?.known !== undefined && isEvidence(current.known.position));
  const plain = [
    ...[...recognised, ...copies].filter(hasUnread),
    ...(isUnbroken ? [] : await notHeld(unseen, options)),
  ];
  const isHeld = async (end: SourcePosition) =>
    (await options.isHeld(end)) || (await isPartOfAny(end, beside));
  const archives = new ArchiveSurvey({ ...options, past, missing, isUnbroken, isHeld });
  const standing = await archives
    .examine(archivesAmong(listed))
    .finally(() => opened.push(...archives.finds));
  const { obstacles } = archives;
  if (standing !== 'settled') return { ...INCOMPLETE, isWaiting: standing === 'waiting', obstacles };
  const unpacked = await candidatesOf(archives.finds, plain, current);
  const older = [...plain, ...unpacked].sort(inOrder);
  const isIncomplete = older.length > olderMax;
  const [newest] = past;
  return {
    older: older.slice(0, olderMax),
    // Else the ones in between would count as read before their time.
    current: isIncomplete ? undefined : current,
    ...{ isIncomplete, isWaiting: false, obstacles },
    vanished: newest !== undefined && missing.includes(newest) ? newest : undefined,
  };
}

/**
 * Takes the originals of copies out of `missing`. A file that was opened only because a source is missing is its
 * rest, or was left alone long ago.
 */
async function sortOut(
  strangers: readonly Candidate[],
  missing: KnownSource[],
  past: readonly KnownSource[],
  mayBeUnseen: (stranger: Candidate) => boolean,
): Promise<{ copies: Candidate[]; unseen: Candidate[] }> {
  const copies: Candidate[] = [];
  const unseen: Candidate[] = [];
  for (const stranger of strangers) {
    const copy = { bytes: stranger.file, size: stranger.look.size };
    const original = await originalOf(copy, missing);
    if (original !== undefined) {
      missing.splice(missing.indexOf(original), 1);
      copies.push({ ...stranger, ...copyOf(original) });
    } else if (mayBeUnseen(stranger) && !(await isCopyOfAny(copy, past))) {
      unseen.push(stranger);
    }
  }
  return { copies, unseen };
}

/** Without those that were unpacked, or copied by hand, from a file that is still being read. */
async function notHeld(
  strangers: readonly Candidate[],
  { isHeld }: Pick<SurveyOptions, 'isHeld'>,
): Promise<Candidate[]> {
  const others: Candidate[] = [];
  for (const stranger of strangers) {
    const { file, look } = stranger;
    const mark = (await MarkTrail.at(file, look.size))?.mark(0n) ?? '';
    if (!(await isHeld({ offset: look.size, mark }))) others.push(stranger);
  }
  return others;
}

function hasKnown({ identity }: FileLook, ledger: Ledger): boolean {
  return ledger.ofIdentity(identity).length > 0;
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
