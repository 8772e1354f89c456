/** The embedded store inside a data directory: what `tailrace start` writes and `tailrace hub` can serve. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Logger } from '../shared/logger.js';
import { openEmbeddedStore } from '../shared/store/embedded/index.js';
import type { LogStore, Retention } from '../shared/store/log-store.js';

/** For a laptop: enough to look back, little enough to forget about. */
const LOCAL_RETENTION: Retention = { bytes: 256 * 2 ** 20, ageMs: 7 * 24 * 3_600_000 };

export function storeDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'store');
}

export async function openLocalStore(
  dataDirectory: string,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<LogStore> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const directory = storeDirectory(dataDirectory);
  return lifecycle.start(
    'store',
    () => openEmbeddedStore({ directory, retention: LOCAL_RETENTION, logger }),
    (store) => store.close(),
  );
}
