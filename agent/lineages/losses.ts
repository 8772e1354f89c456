/** How much of a file is lost when it is truncated, or let go of after it was deleted. Pure. */

import type { Loss } from '../status/notices.js';
import type { Generation } from './generation.js';

export interface Saved {
  /** Size of the file that the source goes on in. */
  readonly restBytes?: number;
  /** What copies hold of all that was cut off. */
  readonly copiedBytes?: number;
}

export function lossOf(
  path: string,
  { known, growth }: Pick<Generation, 'known' | 'growth'>,
  { restBytes = 0, copiedBytes = 0 }: Saved = {},
): Loss {
  const { largestSize, destroyedBytes } = growth;
  const appendedBytes = known.position.offset;
  const overBytes = Math.max(0, destroyedBytes - copiedBytes);
  const lostBytes = Math.max(0, largestSize - Math.max(appendedBytes, restBytes)) + overBytes;
  return { path, appendedBytes, seenBytes: largestSize + destroyedBytes, lostBytes };
}
