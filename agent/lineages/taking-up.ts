/**
 * Makes generations of files that were found: claims each, finds out which source it is and where that begins, and
 * how its lines are presented. It gives them no place among others.
 */
import type { Presentation } from '../config/presentation.js';
import type { Claimant, Claims } from '../files/claims.js';
import { type FileIdentity, isSameFile } from '../files/log-file.js';
import { lastLineEnd } from '../lines/line-end.js';
import { type Candidate, closeAll } from '../rotation/candidates.js';
import { isBlank, type KnownSource } from '../sources/ledger.js';
import type { StoreClient } from '../sources/store-access.js';
import { Generation, type GenerationContext } from './generation.js';
import type { FirstSight } from './sighting.js';

/** A path, and how its own lines are presented. */
export interface PresentedPath extends Presentation {
  /** Absolute. */
  readonly path: string;
}

export interface TakingUpOptions {
  readonly context: GenerationContext & { readonly claims: Claims };
  readonly client: StoreClient & Claimant;
  readonly place: PresentedPath;
  readonly firstSight: FirstSight | undefined;
  /** Those of the path that nothing was read of yet. */
  readonly waiting: readonly Generation[];
  /** Those that could not be taken up are the caller's again. */
  putBack(candidates: readonly Candidate[]): Promise<void>;
}

/** All or none: a file that is claimed and has no place would be read by nobody. Those that others have are closed. */
export async function takeUp(
  candidates: readonly Candidate[],
  options: TakingUpOptions,
): Promise<Generation[]> {
  const { client, waiting } = options;
  const { claims } = options.context;
  const own = candidates.filter(({ file }) => claims.claim(file.identity, client));
  await closeAll(candidates.filter((candidate) => !own.includes(candidate)));
  const generations: Generation[] = [];
  try {
    // They may have been written to since they were taken up, and by that their age is told.
    for (const generation of waiting) await generation.refresh();
    for (const candidate of own) generations.push(await generationOf(candidate, options));
  } catch (error) {
    for (const { file } of own) claims.release(file.identity, client);
    await options.putBack(own);
    throw error;
  }
  return generations;
}

async function generationOf(
  candidate: Candidate,
  { context, client, place, firstSight }: TakingUpOptions,
): Promise<Generation> {
  const { ledger } = context;
  const { path, channel, labels, format } = place;
  const { file, look } = candidate;
  const { identity } = file;
  const found = candidate.known;
  // Nothing was ever seen of it: whatever has its inode now is another path's own.
  const isOther = found !== undefined && found.path !== path && isBlank(found);
  if (isOther) ledger.forget(found);
  const generation = ledger.nextGeneration(identity);
  const known =
    found === undefined || isOther ? ledger.admit({ channel, labels, path, identity, generation }) : found;
  const skipBytes = firstSight?.skippedBytes(look, known) ?? 0;
  const initialOffset = await lastLineEnd(file, skipBytes, format.encoding);
  const presentation = presentationOf(known, identity, place);
  return Generation.of(context, client, { ...candidate, known, initialOffset, presentation });
}

/** What was begun under another path, or goes on in a copy, stays in its channel to its end. */
export function presentationOf(
  known: KnownSource,
  identity: FileIdentity,
  place: PresentedPath,
): Presentation {
  const isOwn = known.path === place.path && isSameFile(known.identity, identity);
  return isOwn ? place : { ...place, channel: known.channel, labels: known.labels };
}
