/**
 * The reading half of the embedded store. Every answer comes from one snapshot, so what is appended or
 * trimmed meanwhile cannot mix into it.
 */
import type { ChannelId } from '../../protocol/channel.js';
import type { HistoryView } from '../../protocol/continuity.js';
import { FIRST_ENTRY, type Position, VOID_EPOCH, VOID_POSITION } from '../../protocol/cursor.js';
import type {
  ChannelHead,
  DoorbellListener,
  LogReader,
  Page,
  SourceDescription,
  SourceRecord,
  StartPoint,
  StoredBatch,
} from '../log-store.js';
import type { Database } from './database.js';
import type { Doorbells } from './doorbells.js';
import {
  channelOfHeadKey,
  descriptionKey,
  descriptionRange,
  entryKey,
  entryRange,
  FORMAT_KEY,
  headKey,
  headRange,
  positionKey,
  seqKey,
  seqOfKey,
  seqRange,
  sourceOfDescriptionKey,
} from './keys.js';
import {
  decodeDescription,
  decodeEntry,
  decodeHead,
  decodePosition,
  decodeSeq,
  type Head,
} from './records.js';
import { Snapshot } from './snapshot.js';

/** Batches in a page at the most, however small they are. */
const PAGE_BATCHES_MAX = 1_000;

export class EmbeddedReader implements LogReader {
  readonly #database: Database;
  readonly #doorbells: Doorbells;

  constructor(database: Database, doorbells: Doorbells) {
    this.#database = database;
    this.#doorbells = doorbells;
  }

  read(id: ChannelId, after: Position, bytesMax: number): Promise<Page> {
    return this.#consistently(async (snapshot) => {
      const view = await viewOf(snapshot, id, after);
      const batches =
        view.epoch === VOID_EPOCH ? [] : await batchesAfter(snapshot, id, after.entry, bytesMax);
      return { view, batches, sources: await describe(snapshot, id, batches) };
    });
  }

  heads(ids: readonly ChannelId[]): Promise<ChannelHead[]> {
    return this.#consistently(async (snapshot) => {
      const heads = await snapshot.getMany(ids.map(headKey));
      return heads.map((bytes) => {
        if (bytes === undefined) return { epoch: VOID_EPOCH, nextSeq: 1 };
        const { epoch, next } = decodeHead(bytes);
        return { epoch, nextSeq: next };
      });
    });
  }

  locate(id: ChannelId, start: StartPoint): Promise<Position> {
    return this.#consistently(async (snapshot) => {
      const head = await headOf(snapshot, id);
      if (head === undefined) return VOID_POSITION;
      const tip = { epoch: head.epoch, entry: head.last, seq: head.next };
      return (await startOf(snapshot, id, head, start)) ?? tip;
    });
  }

  channels(tenant: string): Promise<string[]> {
    return this.#consistently(async (snapshot) =>
      (await snapshot.keys(headRange(tenant))).map(channelOfHeadKey),
    );
  }

  sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    return this.#consistently(async (snapshot) => {
      const records: SourceRecord[] = [];
      for await (const [key, bytes] of snapshot.entries(descriptionRange(tenant))) {
        const description = decodeDescription(bytes);
        if (description.host !== host) continue;
        const { channel, source } = sourceOfDescriptionKey(key);
        const position = await snapshot.get(positionKey({ tenant, channel }, source));
        if (position === undefined) continue;
        const { offset, mark } = decodePosition(position);
        records.push({ channel, source, description, position: { offset, mark } });
      }
      return records;
    });
  }

  listen(listener: DoorbellListener): void {
    this.#doorbells.listen(listener);
  }

  async watchChannel(id: ChannelId): Promise<void> {
    this.#doorbells.watchChannel(id);
  }

  async unwatchChannel(id: ChannelId): Promise<void> {
    this.#doorbells.unwatchChannel(id);
  }

  async watchTenant(tenant: string): Promise<void> {
    this.#doorbells.watchTenant(tenant);
  }

  async unwatchTenant(tenant: string): Promise<void> {
    this.#doorbells.unwatchTenant(tenant);
  }

  async ping(): Promise<void> {
    await this.#consistently((snapshot) => snapshot.get(FORMAT_KEY));
  }

  async close(): Promise<void> {
    this.#doorbells.close();
  }

  #consistently<T>(look: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return this.#database.attempt(async () => {
      const snapshot = new Snapshot(this.#database.level);
      try {
        return await look(snapshot);
      } finally {
        await snapshot.close();
      }
    });
  }
}

async function headOf(snapshot: Snapshot, id: ChannelId): Promise<Head | undefined> {
  const bytes = await snapshot.get(headKey(id));
  return bytes === undefined ? undefined : decodeHead(bytes);
}

async function viewOf(snapshot: Snapshot, id: ChannelId, after: Position): Promise<HistoryView> {
  const head = await headOf(snapshot, id);
  const oldest = await snapshot.first(seqRange(id));
  const anchor = await snapshot.get(entryKey(id, after.entry));
  return {
    epoch: head?.epoch ?? VOID_EPOCH,
    firstSeq: oldest === undefined ? (head?.next ?? 1) : seqOfKey(oldest[0]),
    nextSeq: head?.next ?? 1,
    firstEntry: oldest === undefined ? FIRST_ENTRY : decodeSeq(oldest[1]).entry,
    lastEntry: head?.last ?? FIRST_ENTRY,
    anchored: anchor !== undefined,
  };
}

async function batchesAfter(
  snapshot: Snapshot,
  id: ChannelId,
  entry: string,
  bytesMax: number,
): Promise<StoredBatch[]> {
  const batches: StoredBatch[] = [];
  let bytes = 0;
  const range = { gt: entryKey(id, entry), lt: entryRange(id).lt };
  for await (const [, value] of snapshot.entries(range)) {
    const batch = decodeEntry(value);
    bytes += batch.payload.length;
    if (batches.length > 0 && (bytes > bytesMax || batches.length === PAGE_BATCHES_MAX)) break;
    batches.push(batch);
  }
  return batches;
}

async function describe(
  snapshot: Snapshot,
  id: ChannelId,
  batches: readonly StoredBatch[],
): Promise<ReadonlyMap<string, SourceDescription>> {
  const sources = [...new Set(batches.map(({ source }) => source))];
  const values = await snapshot.getMany(sources.map((source) => descriptionKey(id, source)));
  return new Map(
    sources.flatMap((source, index) => {
      const value = values[index];
      return value === undefined ? [] : [[source, decodeDescription(value)] as const];
    }),
  );
}

/** Undefined stands for the tip. */
async function startOf(
  snapshot: Snapshot,
  id: ChannelId,
  head: Head,
  start: StartPoint,
): Promise<Position | undefined> {
  const oldest = await snapshot.first(seqRange(id));
  if (oldest === undefined || start.kind === 'end') return undefined;
  const firstSeq = seqOfKey(oldest[0]);
  if (start.kind === 'start') return { epoch: head.epoch, entry: FIRST_ENTRY, seq: firstSeq };
  const seq =
    start.kind === 'tail'
      ? Math.max(head.next - start.lines, firstSeq)
      : await seqSince(snapshot, id, start.timeMs);
  if (seq === undefined || seq >= head.next) return undefined;
  return { epoch: head.epoch, entry: await entryBefore(snapshot, id, seq), seq };
}

async function seqSince(snapshot: Snapshot, id: ChannelId, timeMs: number): Promise<number | undefined> {
  const from = entryKey(id, `${Math.max(0, Math.ceil(timeMs))}-0`);
  const found = await snapshot.first({ gte: from, lt: entryRange(id).lt });
  return found === undefined ? undefined : decodeEntry(found[1]).seq;
}

/** Id of the last entry that lies wholly before the line: the one before the entry that holds it. */
async function entryBefore(snapshot: Snapshot, id: ChannelId, seq: number): Promise<string> {
  const { gte } = seqRange(id);
  const holding = await snapshot.last({ gte, lte: seqKey(id, seq) });
  const before = holding && (await snapshot.last({ gte, lt: holding[0] }));
  return before === undefined ? FIRST_ENTRY : decodeSeq(before[1]).entry;
}
