/**
 * The writing half of the embedded store: each call is one operation of a commit. An operation reads all it
 * needs from the draft, decides, and only then changes it.
 */
import { randomBytes } from 'node:crypto';
import { StoreError } from '../../errors.js';
import { type ChannelId, channelKey } from '../../protocol/channel.js';
import { entryTime, FIRST_ENTRY } from '../../protocol/cursor.js';
import type {
  AppendOutcome,
  LogWriter,
  OutgoingBatch,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../log-store.js';
import type { Committer } from './committer.js';
import type { Draft } from './draft.js';
import { descriptionKey, entryKey, headKey, positionKey, seqKey, seqOfKey, seqRange } from './keys.js';
import type { EmbeddedReader } from './reader.js';
import { decodeHead, decodePosition, encodeEntry, encodeRecord, type Head } from './records.js';

export interface EmbeddedWriterOptions {
  readonly committer: Committer;
  readonly reader: EmbeddedReader;
  readonly now: () => number;
}

export class EmbeddedWriter implements LogWriter {
  readonly #committer: Committer;
  readonly #reader: EmbeddedReader;
  readonly #now: () => number;

  constructor({ committer, reader, now }: EmbeddedWriterOptions) {
    this.#committer = committer;
    this.#reader = reader;
    this.#now = now;
  }

  openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    return this.#committer.submit(async (draft) => {
      const keys = [headKey(id), descriptionKey(id, source), positionKey(id, source)] as const;
      const [head, described, position] = await draft.getMany([...keys]);
      const held = position === undefined ? { ...initial, lastSeq: 0 } : decodePosition(position);
      if (head === undefined) {
        draft.put(keys[0], encodeRecord(newHead()));
        draft.newTenants.add(id.tenant);
      }
      if (described === undefined) draft.put(keys[1], encodeRecord(description));
      if (position === undefined) draft.put(keys[2], encodeRecord(held));
      return () => ({ offset: held.offset, mark: held.mark });
    });
  }

  append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    return this.#committer.submit(async (draft) => {
      const outcome = await this.#append(draft, id, batch, mark);
      return () => outcome;
    });
  }

  sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    return this.#reader.sourcesOf(tenant, host);
  }

  retireSources(id: ChannelId, sources: readonly string[]): Promise<void> {
    return this.#committer.submit(async (draft) => {
      const firstSeq = await firstRetained(draft, id);
      const positions = await draft.getMany(sources.map((source) => positionKey(id, source)));
      const gone = sources.filter((_, index) => {
        const position = positions[index];
        return position !== undefined && decodePosition(position).lastSeq < firstSeq;
      });
      for (const source of gone) {
        draft.delete(positionKey(id, source));
        draft.delete(descriptionKey(id, source));
      }
      return () => {};
    });
  }

  async trim(id: ChannelId): Promise<void> {
    const trimOnce = async (draft: Draft) => {
      draft.retain(id);
      return () => draft.unfinished.has(channelKey(id));
    };
    while (await this.#committer.submit(trimOnce));
  }

  close(): Promise<void> {
    return this.#committer.close();
  }

  async #append(draft: Draft, id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    const { source, from, to, lines, payload } = batch;
    const keys = [headKey(id), descriptionKey(id, source), positionKey(id, source)] as const;
    const [headBytes, described, positionBytes] = await draft.getMany([...keys]);
    if (headBytes === undefined || described === undefined || positionBytes === undefined) {
      return { kind: 'unknown_source' };
    }
    const { offset, mark: heldMark } = decodePosition(positionBytes);
    const conflict = { kind: 'conflict', position: { offset, mark: heldMark } } as const;
    if (offset !== from) return conflict;
    const other = batch.also && (await positionOf(draft, id, batch.also.source));
    if (batch.also !== undefined && other === undefined) return { kind: 'unknown_source' };
    if (batch.also?.from !== other) return conflict;

    const { epoch, next: seq, bytes, last } = decodeHead(headBytes);
    if (!Number.isSafeInteger(seq + lines)) {
      throw new StoreError(
        'corrupt',
        `No sequence numbers are left in ${channelKey(id)}: write to another channel.`,
      );
    }
    const entry = entryAfter(last, this.#now());
    const head: Head = { epoch, next: seq + lines, bytes: bytes + payload.length, last: entry };
    draft.put(entryKey(id, entry), encodeEntry(batch, entry, seq));
    draft.put(seqKey(id, seq), encodeRecord({ entry, bytes: payload.length }));
    draft.put(keys[0], encodeRecord(head));
    const lastSeq = seq + lines - 1;
    draft.put(keys[2], encodeRecord({ offset: to, mark, lastSeq }));
    if (batch.also !== undefined) {
      draft.put(positionKey(id, batch.also.source), encodeRecord({ ...batch.also.to, lastSeq }));
    }
    draft.retain(id);
    draft.appended.set(channelKey(id), id);
    return { kind: 'appended', epoch, entry, seq };
  }
}

/** Undefined where the source is not known. */
async function positionOf(draft: Draft, id: ChannelId, source: string): Promise<number | undefined> {
  const [described, position] = await draft.getMany([descriptionKey(id, source), positionKey(id, source)]);
  return described === undefined || position === undefined ? undefined : decodePosition(position).offset;
}

function newHead(): Head {
  return { epoch: randomBytes(8).toString('hex'), next: 1, bytes: 0, last: FIRST_ENTRY };
}

/** Ids only grow, also when the clock goes back. */
function entryAfter(last: string, nowMs: number): string {
  const lastMs = entryTime(last);
  if (nowMs > lastMs) return `${nowMs}-0`;
  return `${lastMs}-${Number(last.slice(last.indexOf('-') + 1)) + 1}`;
}

async function firstRetained(draft: Draft, id: ChannelId): Promise<number> {
  for await (const [key] of draft.entries(seqRange(id))) return seqOfKey(key);
  return Number.POSITIVE_INFINITY;
}
