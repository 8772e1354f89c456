/**
 * Looks at a path and the rotated files beside it, and says which of them hold bytes that are not in the
 * store, in the order they were written. It opens files and compares marks; it appends nothing.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { KnownSource, Ledger } from './ledger.js';
import { type FileIdentity, type FileLook, type LogFile, openLogFile, systemCode } from './log-file.js';
import { beganLike, fits } from './mark.js';
import { compareRotationAge, isCompressedName, isRotationOf } from './rotation-name.js';

/** A file to be read, opened. Whoever gets it closes it. */
export interface Candidate {
  readonly file: LogFile;
  readonly look: FileLook;
  /** The source that it goes on with; undefined where it begins a new one. */
  readonly known: KnownSource | undefined;
}

export interface Survey {
  /** Rotated files with unread bytes, oldest first. */
  readonly older: readonly Candidate[];
  /** The file at the path; undefined where there is none or somebody has it already. */
  readonly current: Candidate | undefined;
  /** Whether an agent has read something under this path before. */
  readonly hasPast: boolean;
  /** The source that was read last under this path, if its bytes are nowhere to be found. */
  readonly vanished: KnownSource | undefined;
}

export interface SurveyOptions {
  readonly path: string;
  readonly ledger: Ledger;
  /** Whether a file is being read already, here or under another path. */
  isTaken(identity: FileIdentity): boolean;
  /** Sources that are being read already. */
  isLive(known: KnownSource): boolean;
  /** Whether the file at the path is the one that was there before: then nothing came in between. */
  readonly isCurrentKept: boolean;
}

export async function survey(options: SurveyOptions): Promise<Survey> {
  const { path, ledger } = options;
  const current = options.isCurrentKept ? undefined : await candidateAt(path, options);
  const past = ledger.ofPath(path);
  if (past.length === 0 && current?.known === undefined)
    return { older: [], current, hasPast: false, vanished: undefined };
  const opened: Candidate[] = [];
  try {
    for (const sibling of await rotatedSiblings(path)) {
      const candidate = await candidateAt(sibling, options);
      if (candidate !== undefined) opened.push(candidate);
    }
    const { older, missing } = await choose(opened, past, current, options);
    await closeAll(opened.filter(({ file }) => !older.some((chosen) => chosen.file === file)));
    const vanished = past[0] !== undefined && missing.includes(past[0]) ? past[0] : undefined;
    return { older: older.sort(byAge), current, hasPast: true, vanished };
  } catch (error) {
    await closeAll(current === undefined ? opened : [...opened, current]);
    throw error;
  }
}

async function candidateAt(path: string, { ledger, isTaken }: SurveyOptions): Promise<Candidate | undefined> {
  const file = await openLogFile(path);
  if (file === undefined) return undefined;
  if (isTaken(file.identity)) {
    await file.close();
    return undefined;
  }
  try {
    return { file, look: await file.look(), known: await ledger.recognise(file) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Files in the same directory that may be earlier generations. One that was renamed to something else is
 * still found by its handle while the agent runs.
 */
async function rotatedSiblings(path: string): Promise<string[]> {
  const base = basename(path);
  const directory = dirname(path);
  const names = await readdir(directory).catch(noneIfMissing);
  return names
    .filter((name) => name !== base && isRotationOf(base, name) && !isCompressedName(name))
    .map((name) => join(directory, name));
}

function noneIfMissing(error: unknown): string[] {
  if (systemCode(error) === 'ENOENT') return [];
  throw error;
}

async function choose(
  opened: readonly Candidate[],
  past: readonly KnownSource[],
  current: Candidate | undefined,
  options: SurveyOptions,
): Promise<{ older: Candidate[]; missing: KnownSource[] }> {
  const recognised = opened.filter(({ known }) => known !== undefined);
  const strangers = opened.filter(({ known }) => known === undefined).sort((a, b) => byAge(b, a));
  const found = new Set(recognised.map(({ known }) => known));
  if (current?.known !== undefined) found.add(current.known);
  const missing = past.filter((known) => !found.has(known) && !options.isLive(known));
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
  const isUnbroken = options.isCurrentKept || current?.known !== undefined;
  const newestNs = newestOf(past, recognised, copies);
  const isNew = ({ look }: Candidate) => !isUnbroken && look.size > 0 && look.modifiedNs >= newestNs;
  return { older: [...[...recognised, ...copies].filter(hasUnread), ...unseen.filter(isNew)], missing };
}

/** The source whose own file was truncated, and whose bytes go on in this copy. */
async function originalOf(
  { file, look }: Candidate,
  missing: readonly KnownSource[],
): Promise<KnownSource | undefined> {
  for (const known of missing) {
    const { offset } = known.position;
    if (offset > 0 && look.size >= offset && (await fits(file, known.position))) return known;
  }
  return undefined;
}

/** Whether the file holds nothing but bytes that a known source had, so that reading it would repeat them. */
async function isCopyOfAny({ file, look }: Candidate, past: readonly KnownSource[]): Promise<boolean> {
  for (const { position, checkpoints } of past) {
    if (position.offset === 0) continue;
    const checkpoint = [position, ...checkpoints.toReversed()].find(
      ({ offset }) => offset > 0 && offset <= look.size,
    );
    if (checkpoint === undefined) {
      if (await beganLike(file, look.size, position)) return true;
    } else if (await fits(file, checkpoint)) {
      return true;
    }
  }
  return false;
}

/** Files last written before this were rotated before anybody read the path, and are none of our business. */
function newestOf(
  past: readonly KnownSource[],
  recognised: readonly Candidate[],
  copies: readonly Candidate[],
): bigint {
  const read = recognised.filter(({ known }) => known !== undefined && past.includes(known));
  const times = [...past.map((known) => known.modifiedNs), ...[...read, ...copies].map(timeOf)];
  return times.reduce((newest, time) => (time > newest ? time : newest), 0n);
}

function timeOf({ look }: Candidate): bigint {
  return look.modifiedNs;
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
