/**
 * What the retention removes from a channel's front, as part of a commit. It reads the small seq records, no
 * payloads. One commit evicts only so much: what is left over goes with the next.
 */
import { type ChannelId, channelKey } from '../../protocol/channel.js';
import { entryTime } from '../../protocol/cursor.js';
import type { Retention } from '../log-store.js';
import type { Draft } from './draft.js';
import { entryKey, entryRange, headKey, type KeyRange, seqRange } from './keys.js';
import { decodeHead, decodeSeq, encodeRecord } from './records.js';

const EVICTED_ENTRIES_MAX = 5_000;

/** Keys, header and seq record of an entry, about. */
const ENTRY_OVERHEAD_BYTES = 256;

/** What a commit frees: some bytes, all of them in these ranges. */
export interface Evicted {
  readonly bytes: number;
  readonly ranges: readonly KeyRange[];
}

export async function evict(
  draft: Draft,
  id: ChannelId,
  retention: Retention,
  nowMs: number,
): Promise<Evicted | undefined> {
  const [bytes] = await draft.getMany([headKey(id)]);
  if (bytes === undefined) return undefined;
  const head = decodeHead(bytes);
  const oldestMs = nowMs - retention.ageMs;
  let { bytes: left } = head;
  let count = 0;
  let ranges: KeyRange[] = [];
  for await (const [key, value] of draft.entries(seqRange(id))) {
    const record = decodeSeq(value);
    // The newest batch always stays for size; it does not stay for ever.
    const surplus = left > retention.bytes && record.entry !== head.last;
    if (!surplus && entryTime(record.entry) >= oldestMs) break;
    if (count === EVICTED_ENTRIES_MAX) {
      draft.unfinished.add(channelKey(id));
      break;
    }
    const entry = entryKey(id, record.entry);
    draft.delete(key);
    draft.delete(entry);
    left -= record.bytes;
    count += 1;
    ranges = [
      { gte: entryRange(id).gte, lt: entry },
      { gte: seqRange(id).gte, lt: key },
    ];
  }
  if (count === 0) return undefined;
  draft.put(headKey(id), encodeRecord({ ...head, bytes: left }));
  return { bytes: head.bytes - left + count * ENTRY_OVERHEAD_BYTES, ranges };
}
