/** What is known of the files of one path, put together for whoever asks. It looks at no file. */

import type { FileLook } from '../files/log-file.js';
import type { KnownSource, Ledger } from '../sources/ledger.js';
import type { StoreAccess, StoreClient } from '../sources/store-access.js';
import { type FileProgress, statusesOf } from './file-status.js';
import type { Notices } from './notices.js';
import type { Problem } from './problems.js';
import type { FileStatus, LastError } from './status-shape.js';

/** What a status needs to see of a lineage. */
export interface ReadPath extends StoreClient {
  readonly channel: string;
  readonly isAtWork: boolean;
  /** What the last look at the path showed. */
  readonly seen: FileLook | undefined;
  /** Oldest first; none where the path has none, or nothing is to be read. */
  readonly files: readonly FileProgress[];
  /** Where it knows itself what is in its way. */
  readonly problem?: Problem;
}

export interface StatusSources {
  readonly access: StoreAccess;
  readonly notices: Notices;
  readonly ledger: Ledger;
}

/** At least one for each path. */
export function fileStatuses(read: ReadPath, { access, notices, ledger }: StatusSources): FileStatus[] {
  const { path, channel, isAtWork, seen, files } = read;
  const problem = read.problem ?? notices.problems.of(path);
  const refusal = access.refusalOf(read);
  const isUnreadable = problem?.isOver === false;
  const lastError =
    refusal === undefined ? problem && lastErrorOf(problem) : { message: refusal, isOver: false };
  if (files.length > 0) {
    const isRefused = refusal !== undefined;
    const isStoreAway = access.isAway;
    return statusesOf(files, { channel, isAtWork, isUnreadable, isStoreAway, isRefused, lastError });
  }
  const known = seen && ledger.ofIdentity(seen.identity)[0];
  const state = isUnreadable ? 'unreadable' : stateWithoutReader(read, known);
  const sizeBytes = seen?.size ?? 0;
  const offsetBytes = known?.path === path ? known.position.offset : 0;
  const unreadBytes = state === 'elsewhere' ? 0 : Math.max(0, sizeBytes - offsetBytes);
  return [{ path, channel, state, sizeBytes, offsetBytes, unreadBytes, lagSeconds: 0, lastError }];
}

function stateWithoutReader({ path, isAtWork, seen }: ReadPath, known: KnownSource | undefined) {
  if (isAtWork) return 'queued';
  if (seen === undefined) return 'missing';
  return known === undefined || known.path === path ? 'idle' : 'elsewhere';
}

export function lastErrorOf({ message, atMs, isOver }: Problem): LastError {
  return { message, since: new Date(atMs).toISOString(), isOver };
}
