/**
 * Decides what state a file is in, from what its reader knows and what concerns its path. Pure: it looks at
 * nothing by itself.
 */

import type { FileState, FileStatus, LastError } from './status-shape.js';

/** One file of a path as its reader sees it. */
export interface FileProgress {
  readonly path: string;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
  readonly lagMs: number;
  readonly isRotated: boolean;
}

/** What concerns all files of one path. */
export interface PathCircumstances {
  readonly channel: string;
  readonly isAtWork: boolean;
  readonly isUnreadable: boolean;
  readonly isStoreAway: boolean;
  readonly isRefused: boolean;
  readonly lastError: LastError | undefined;
}

/** The files of one path, oldest first, in the order in which they are read. */
export function statusesOf(files: readonly FileProgress[], path: PathCircumstances): FileStatus[] {
  const first = files.find(({ sizeBytes, offsetBytes }) => sizeBytes > offsetBytes);
  return files.map((file) => {
    const { sizeBytes, offsetBytes, lagMs } = file;
    const unreadBytes = Math.max(0, sizeBytes - offsetBytes);
    // Nothing is spread here: of 10,000 files that took most of the time of a scrape.
    return {
      path: file.path,
      channel: path.channel,
      state: stateOf(file, path, file === first),
      sizeBytes,
      offsetBytes,
      unreadBytes,
      lagSeconds: unreadBytes === 0 ? 0 : Math.round(lagMs) / 1_000,
      lastError: path.lastError,
    };
  });
}

function stateOf(file: FileProgress, path: PathCircumstances, isFirstUnread: boolean): FileState {
  if (path.isUnreadable) return 'unreadable';
  if (file.sizeBytes <= file.offsetBytes) return file.isRotated ? 'finishing' : 'idle';
  if (path.isStoreAway) return 'store_away';
  if (path.isRefused) return 'refused';
  if (path.isAtWork) return isFirstUnread ? 'reading' : 'queued';
  return file.isRotated ? 'finishing' : 'partial_line';
}
