/** What the time of a directory tells of when it has to be read again. Pure. */

/** A directory that changed so shortly before it was read may change again under the same time stamp. */
const GRAIN_MS = 100;

/** The same where times have no fraction of a second: some file systems and file servers count in two seconds. */
const COARSE_GRAIN_MS = 2_100;

const SECOND_NS = 1_000_000_000n;

/** Whether a change that comes after `nowMs` shows in the time of a directory that was changed last at `modifiedNs`. */
export function isSettled(modifiedNs: bigint, nowMs = Date.now()): boolean {
  const grainMs = modifiedNs % SECOND_NS === 0n ? COARSE_GRAIN_MS : GRAIN_MS;
  return nowMs - Number(modifiedNs / 1_000_000n) > grainMs;
}
