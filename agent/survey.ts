/**
 * Looks at a path and the rotated files beside it, and says which of them hold bytes that are not in the
 * store, in the order they were written. It opens files and compares marks; it appends nothing.
 */
import type { KnownSource, Ledger } from './ledger.js';
import { type FileIdentity, type FileLook, isSameFile, type LogFile, openLogFile } from './log-file.js';
import { beganLike, fits, isEvidence, markOfUnread } from './mark.js';
import type { RotatedNames } from './rotated-names.js';
import { compareRotationAge } from './rotation-name.js';
import { isSameListing, type Listed, listSiblings } from './sibling-listing.js';

/** A file to be read, opened. Whoever gets it closes it. */
export interface Candidate {
  readonly file: LogFile;
  readonly look: FileLook;
  /** Mark of its beginning, from before anybody could have copied and truncated it unseen. */
  readonly unreadMark: string;
  /** The source that it goes on with; undefined where it begins a new one. */
  readonly known: KnownSource | undefined;
}

export interface Survey {
  /** Rotated files with unread bytes, oldest first. */
  readonly older: readonly Candidate[];
  /** The file at the path; undefined where there is none, somebody has it already, or it has to wait. */
  readonly current: Candidate | undefined;
  /** Whether another survey is needed: names were moving, or there were more files than asked for. */
  readonly isIncomplete: boolean;
  /** All files that were looked at, by the names they had at one instant. */
  readonly listed: readonly Listed[];
  /** Whether an agent has read something under this path before. */
  readonly hasPast: boolean;
  /** The source that was read last under this path, if its bytes are nowhere to be found. */
  readonly vanished: KnownSource | undefined;
}

export interface SurveyOptions {
  readonly path: string;
  readonly ledger: Ledger;
  readonly names: RotatedNames;
  /** Older files to return at the most. */
  readonly olderMax: number;
  /** Whether a file is being read already, here or under another path. */
  isTaken(identity: FileIdentity): boolean;
  /** Sources that are being read already. */
  isLive(known: KnownSource): boolean;
  /** Whether the file at the path is the one that was there before: then nothing came in between. */
  readonly isCurrentKept: boolean;
}

/** Marks hold whole milliseconds. */
const MARK_GRAIN_NS = 1_000_000n;

const NOTHING: Survey = {
  ...{ older: [], current: undefined, listed: [], vanished: undefined },
  ...{ hasPast: false, isIncomplete: false },
};

const INCOMPLETE: Survey = { ...NOTHING, hasPast: true, isIncomplete: true };

export async function survey(options: SurveyOptions): Promise<Survey> {
  const { path, names, ledger } = options;
  if (ledger.ofPath(path).length === 0) {
    const first = await surveyFirst(options);
    if (first !== undefined) return first;
  }
  const listed = await listSiblings(path, names);
  const opened = listed && (await openWorthwhile(listed, options));
  if (listed === undefined || opened === undefined) return INCOMPLETE;
  try {
    // The copy that explains why a file is shorter may have come after the first listing.
    if (!isSameListing(listed, await listSiblings(path, names))) {
      await closeAll(opened);
      return INCOMPLETE;
    }
    const result = { ...(await choose(opened, wholesOf(listed, ledger), options)), listed };
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

/** Opens what may hold something unread; undefined if a name was given to another file meanwhile. */
async function openWorthwhile(
  listed: readonly Listed[],
  options: SurveyOptions,
): Promise<Candidate[] | undefined> {
  const { path, ledger, isTaken, isCurrentKept } = options;
  const past = ledger.ofPath(path);
  const opened: Candidate[] = [];
  try {
    for (const entry of listed) {
      const { identity } = entry.look;
      const isWanted = entry.path === path ? !isCurrentKept : isWorthwhile(entry.look, past, ledger);
      if (!isWanted || isTaken(identity)) continue;
      const file = await openLogFile(entry.path);
      if (file !== undefined && isSameFile(file.identity, identity)) {
        opened.push(await candidateOf(file, ledger));
        continue;
      }
      await file?.close();
      await closeAll(opened);
      return undefined;
    }
    return opened;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function candidateOf(file: LogFile, ledger: Ledger): Promise<Candidate> {
  try {
    const look = await file.look();
    const unreadMark = await markOfUnread(file, look.size, look.modifiedNs);
    return { file, look, unreadMark, known: await ledger.recognise(file) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** By its looks alone: years of rotated files must not be opened at every rotation. */
function isWorthwhile(look: FileLook, past: readonly KnownSource[], ledger: Ledger): boolean {
  const [known] = ledger.ofIdentity(look.identity);
  if (known !== undefined) return isNewer(look, known);
  const [newest] = past;
  return newest !== undefined && look.size > 0 && look.modifiedNs >= newest.modifiedNs;
}

function isNewer(look: FileLook, { position, modifiedNs }: KnownSource): boolean {
  return look.size !== position.offset || look.modifiedNs - modifiedNs >= MARK_GRAIN_NS;
}

/** Sources whose files are there and, by their looks, read to the end. */
function wholesOf(listed: readonly Listed[], ledger: Ledger): KnownSource[] {
  return listed.flatMap(({ look }) =>
    ledger
      .ofIdentity(look.identity)
      .slice(0, 1)
      .filter((known) => !isNewer(look, known)),
  );
}

async function choose(
  opened: readonly Candidate[],
  wholes: readonly KnownSource[],
  options: SurveyOptions,
): Promise<Omit<Survey, 'listed'>> {
  const { path, ledger, olderMax, isCurrentKept, isLive } = options;
  const current = opened.find(({ file }) => file.path === path);
  const beside = opened.filter((candidate) => candidate !== current);
  const past = ledger.ofPath(path);
  const recognised = beside.filter(({ known }) => known !== undefined);
  const found = new Set([...wholes, ...[...recognised, current].map((candidate) => candidate?.known)]);
  const missing = past.filter((known) => !found.has(known) && !isLive(known));
  const strangers = beside.filter(({ known }) => known === undefined).sort((a, b) => byAge(b, a));
  const { copies, unseen } = await sortOut(strangers, missing, past);
  const isUnbroken = isCurrentKept || (current?.known !== undefined && isEvidence(current.known.position));
  const older = [...[...recognised, ...copies].filter(hasUnread), ...(isUnbroken ? [] : unseen)].sort(byAge);
  const isIncomplete = older.length > olderMax;
  const [newest] = past;
  return {
    older: older.slice(0, olderMax),
    // Else the ones in between would count as read before their time.
    current: isIncomplete ? undefined : current,
    isIncomplete,
    hasPast: past.length > 0 || current?.known !== undefined,
    vanished: newest !== undefined && missing.includes(newest) ? newest : undefined,
  };
}

/** Takes the originals of copies out of `missing`. */
async function sortOut(
  strangers: readonly Candidate[],
  missing: KnownSource[],
  past: readonly KnownSource[],
): Promise<{ copies: Candidate[]; unseen: Candidate[] }> {
  const copies: Candidate[] = [];
  const unseen: Candidate[] = [];
  for (const stranger of strangers) {
    const original = await originalOf(stranger, missing);
    if (original !== undefined) {
      missing.splice(missing.indexOf(original), 1);
      copies.push({ ...stranger, known: original });
    } else if (!(await isCopyOfAny(stranger, past))) {
      unseen.push(stranger);
    }
  }
  return { copies, unseen };
}

/** The source whose own file was truncated, and whose bytes go on in this copy. */
async function originalOf(
  { file, look }: Candidate,
  missing: readonly KnownSource[],
): Promise<KnownSource | undefined> {
  for (const known of missing) {
    const { position } = known;
    if (isEvidence(position) && look.size >= position.offset && (await fits(file, position))) return known;
  }
  return undefined;
}

/** Whether the file holds nothing but bytes that a known source had, so that reading it would repeat them. */
async function isCopyOfAny({ file, look }: Candidate, past: readonly KnownSource[]): Promise<boolean> {
  for (const known of past) if (await isCopyOf(file, look.size, known)) return true;
  return false;
}

async function isCopyOf(
  file: LogFile,
  size: number,
  { position, checkpoints }: KnownSource,
): Promise<boolean> {
  // One that covers little of the file proves little: many files begin with the same line.
  const proof = [position, ...checkpoints.toReversed()].find(
    ({ offset }) => offset > 0 && offset <= size && offset * 2 >= size,
  );
  if (proof !== undefined) return fits(file, proof);
  return position.offset > size && beganLike(file, size, position);
}

function hasUnread({ known, look }: Candidate): boolean {
  return look.size > (known?.position.offset ?? 0);
}

function byAge(a: Candidate, b: Candidate): number {
  if (a.look.modifiedNs !== b.look.modifiedNs) return a.look.modifiedNs < b.look.modifiedNs ? -1 : 1;
  return compareRotationAge(a.file.path, b.file.path);
}

async function closeAll(candidates: readonly Candidate[]): Promise<void> {
  await Promise.all(candidates.map(({ file }) => file.close()));
}
