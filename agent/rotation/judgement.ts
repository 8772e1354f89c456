/**
 * Which of a path's uncompressed files are to be read, and which sources are nowhere among them. It compares marks
 * of files that are open; it opens none.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import { type FileLook, isSameFile } from '../files/log-file.js';
import { isEvidence, MarkTrail } from '../files/mark.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import { type Candidate, candidatesByAge, copyOf, hasUnread } from './candidates.js';
import { isCopyOfAny, isPartOfAny, originalOf } from './copies.js';
import type { CountedTime } from './counted-time.js';
import type { FilesInHand } from './files-in-hand.js';
import { isAfterAll, wholesOf } from './looks.js';
import { isListed, type Listed } from './sibling-listing.js';

/** What there is beside a path. */
export interface Scene {
  readonly listed: readonly Listed[];
  readonly countedNs: CountedTime;
  /** Those of the listed files that may hold something unread, and files that have no name any more. */
  readonly candidates: readonly Candidate[];
}

export interface JudgementOptions {
  readonly path: string;
  readonly ledger: Ledger;
  /** The files of all candidates. */
  readonly inHand: FilesInHand;
  /** Whether the file at the path is the one that was there before: then nothing came in between. */
  readonly isCurrentKept: boolean;
  /** Sources that are being read already. */
  isLive(known: KnownSource): boolean;
  /** Whether a rotated file that is being read holds all that ends at this place. */
  isHeld(end: SourcePosition): Promise<boolean>;
}

export interface Judgement extends Pick<JudgementOptions, 'isHeld'> {
  readonly current: Candidate | undefined;
  /** The others that are to be read, oldest first. */
  readonly plain: readonly Candidate[];
  /** Those beside the path whose files have none of the listed names. */
  readonly nameless: readonly Candidate[];
  /** Sources that were read under the path, the one written to last first. */
  readonly past: readonly KnownSource[];
  /** Those of them whose files are nowhere. */
  readonly missing: KnownSource[];
  /** Whether nothing can have come between what was read last and the file at the path. */
  readonly isUnbroken: boolean;
}

export async function judge(
  { listed, countedNs, candidates }: Scene,
  options: JudgementOptions,
): Promise<Judgement> {
  const { path, ledger, inHand, isCurrentKept, isLive } = options;
  const past = ledger.ofPath(path);
  const atPath = listed.find((entry) => entry.path === path)?.look.identity;
  const current = candidates.find(({ file }) => atPath !== undefined && isSameFile(file.identity, atPath));
  const beside = candidates.filter((candidate) => candidate !== current);
  const recognised = beside.filter((candidate) => !isUnknown(candidate));
  const found = new Set([
    ...wholesOf(listed, ledger),
    ...[...recognised, current].map((candidate) => candidate?.known),
  ]);
  const missing = past.filter((known) => !found.has(known) && !isLive(known));
  const inOrder = candidatesByAge(countedNs, inHand);
  const nameless = beside.filter(({ file }) => !isListed(file.identity, listed));
  const isNameless = (candidate: Candidate) => nameless.includes(candidate);
  const youngestFirst = beside.filter(isUnknown).sort((a, b) => inOrder(b, a));
  // What was compressed and unpacked again lies beside itself, and the one that was there before is the file.
  const strangers = [
    ...youngestFirst.filter(isNameless),
    ...youngestFirst.filter((stranger) => !isNameless(stranger)),
  ];
  const isUnbroken = isCurrentKept || (current?.known !== undefined && isEvidence(current.known.position));
  const isOwn = ({ file, look }: Candidate) => look.size > 0 && inHand.wasAtPath(file.identity);
  const wasRead = ({ file }: Candidate) => inHand.wasRead(file.identity);
  const mayBeUnseen = (stranger: Candidate) =>
    wasRead(stranger) || isAfterAll(countedNs(stranger.look), past) || hasKnown(stranger.look, ledger);
  // Of nothing no copy can be told.
  const empty = isUnbroken
    ? []
    : strangers.filter((stranger) => stranger.look.size === 0 && !wasRead(stranger));
  const others = strangers.filter((stranger) => !isOwn(stranger) && !empty.includes(stranger));
  const { copies, unseen } = await sortOut(others, missing, past, mayBeUnseen);
  const plain = [
    ...empty,
    ...[...recognised, ...copies].filter(hasUnread),
    ...strangers.filter(isOwn),
    ...(await notHeld(isUnbroken ? unseen.filter(wasRead) : unseen, nameless, options)),
  ].sort(inOrder);
  const isHeld = async (end: SourcePosition) =>
    (await options.isHeld(end)) || (await isPartOfAny(end, beside));
  return { current, plain, nameless, past, missing, isUnbroken, isHeld };
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

/**
 * Without those that were unpacked, or copied by hand, from a file that is still being read or that is held and has
 * no name any more. `strangers`: those without a name first.
 */
async function notHeld(
  strangers: readonly Candidate[],
  nameless: readonly Candidate[],
  { isHeld }: Pick<JudgementOptions, 'isHeld'>,
): Promise<Candidate[]> {
  const held = nameless.filter((candidate) => !strangers.includes(candidate));
  const others: Candidate[] = [];
  for (const stranger of strangers) {
    const { file, look } = stranger;
    const mark = (await MarkTrail.at(file, look.size))?.mark() ?? '';
    const end = { offset: look.size, mark };
    if ((await isHeld(end)) || (await isPartOfAny(end, held))) continue;
    others.push(stranger);
    if (nameless.includes(stranger)) held.push(stranger);
  }
  return others;
}

function isUnknown({ known }: Candidate): boolean {
  return known === undefined;
}

function hasKnown({ identity }: FileLook, ledger: Ledger): boolean {
  return ledger.ofIdentity(identity).length > 0;
}
