/**
 * A source whose path was given another channel or other labels goes on as another source, from the place up to
 * which the store has it under its former name. Whatever is interrupted is done again with the same result: the
 * former position is asked for, and the new name is derived from it.
 */
import type { SourceDescription, SourcePosition } from '../../shared/store/log-store.js';
import type { Presentation } from '../config/presentation.js';
import type { KnownSource, Ledger, StoredUnder } from './ledger.js';
import { isSameLabels } from './source-id.js';
import { type SessionContext, type SessionInput, SourceSession } from './source-session.js';
import type { StoreClient } from './store-access.js';

export interface MoveContext extends SessionContext {
  readonly ledger: Ledger;
  readonly tenant: string;
  readonly host: string;
}

/**
 * A session that stores the source as its path is presented now. Undefined where the store would have to be asked
 * first and does not answer; then the client is woken. Not before the session there was has come to rest.
 */
export async function sessionOf(
  context: MoveContext,
  client: StoreClient,
  known: KnownSource,
  presentation: Presentation,
  input: SessionInput,
  initial: SourcePosition,
): Promise<SourceSession | undefined> {
  const isMoved = mustMove(known, presentation);
  if (isMoved && !(await move(context, client, known, presentation, initial))) return undefined;
  const { source, channel } = known;
  const id = { tenant: context.tenant, channel };
  const description = descriptionOf(context.host, known, known);
  return new SourceSession(context, client, { id, source, description, format: presentation.format }, input);
}

/** Where a moved source begins: where it stood before. `initial` is where it began at all. */
export async function formerPosition(
  context: MoveContext,
  known: KnownSource,
  initial: SourcePosition,
): Promise<SourcePosition> {
  const former = known.earlier.at(-1);
  return former === undefined ? initial : positionUnder(context, known, former, initial);
}

function mustMove(known: KnownSource, { channel, labels }: Presentation): boolean {
  return known.channel !== channel || !isSameLabels(known.labels, labels);
}

async function move(
  context: MoveContext,
  client: StoreClient,
  known: KnownSource,
  to: Presentation,
  initial: SourcePosition,
): Promise<boolean> {
  const { access, ledger } = context;
  if (!access.admits(client)) return false;
  try {
    if (known.isStored) {
      const former = await formerPosition(context, known, initial);
      ledger.progress(known, await positionUnder(context, known, known, former));
    }
  } catch (error) {
    access.failed(client, error);
    return false;
  }
  ledger.move(known, to);
  return true;
}

/** What the store is told of a source, whichever name it has. */
function descriptionOf(host: string, known: KnownSource, { labels }: StoredUnder): SourceDescription {
  const { path, identity, generation } = known;
  return { host, path, ...identity, generation, labels };
}

/** Where the store has a source under one of its names; makes it known to the store if need be. */
export function positionUnder(
  { writer, tenant, host }: MoveContext,
  known: KnownSource,
  under: StoredUnder,
  initial: SourcePosition,
): Promise<SourcePosition> {
  const { channel, source } = under;
  return writer.openSource({ tenant, channel }, source, descriptionOf(host, known, under), initial);
}
