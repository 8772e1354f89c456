/**
 * The writing half of a log store that holds everything in memory, for tests that need thousands of stores. It
 * keeps the promises that an agent rests on: one atomic step, the position compare, and calls in their order.
 * Retention is none of its business. That it does what the others do is for the conformance suite to say.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ChannelId, channelKey } from '../../shared/protocol/channel.js';
import type {
  AppendOutcome,
  LogWriter,
  OutgoingBatch,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../../shared/store/log-store.js';
import { checkedJson } from '../../shared/store/payload.js';

interface Source extends SourceRecord {
  position: SourcePosition;
  hasLines: boolean;
}

interface Channel {
  readonly sources: Map<string, Source>;
  readonly lines: string[];
}

export class MemoryWriter implements LogWriter {
  readonly #channels = new Map<string, Channel>();

  /** What was appended to a channel, in order. Not a copy. */
  linesOf(id: ChannelId): readonly string[] {
    return this.#channel(id).lines;
  }

  async openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    const { sources } = this.#channel(id);
    const fresh = { channel: id.channel, source, description, position: initial, hasLines: false };
    const { position } = sources.get(source) ?? fresh;
    if (!sources.has(source)) sources.set(source, fresh);
    await nextTurn();
    return position;
  }

  async append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    const outcome = this.#append(this.#channel(id), batch, mark);
    await nextTurn();
    return outcome;
  }

  async sourcesOf(_tenant: string, host: string): Promise<SourceRecord[]> {
    const sources = [...this.#channels.values()].flatMap((channel) => [...channel.sources.values()]);
    const records = sources.filter(({ description }) => description.host === host).map((one) => ({ ...one }));
    await nextTurn();
    return records;
  }

  async retireSources(id: ChannelId, names: readonly string[]): Promise<void> {
    const { sources } = this.#channel(id);
    for (const name of names) if (sources.get(name)?.hasLines === false) sources.delete(name);
  }

  async trim(): Promise<void> {}

  async close(): Promise<void> {}

  #append({ sources, lines }: Channel, batch: OutgoingBatch, mark: string): AppendOutcome {
    const { also, encoding, payload } = batch;
    const source = sources.get(batch.source);
    const other = also && sources.get(also.source);
    if (source === undefined || (also !== undefined && other === undefined))
      return { kind: 'unknown_source' };
    const { position } = source;
    if (position.offset !== batch.from || other?.position.offset !== also?.from)
      return { kind: 'conflict', position };
    const seq = lines.length + 1;
    lines.push(...(JSON.parse(checkedJson(encoding, payload, batch.lines).toString()) as string[]));
    Object.assign(source, { position: { offset: batch.to, mark }, hasLines: true });
    if (other !== undefined) Object.assign(other, { position: also?.to, hasLines: true });
    return { kind: 'appended', epoch: 'memory', entry: `${seq}-0`, seq };
  }

  #channel(id: ChannelId): Channel {
    const key = channelKey(id);
    const channel = this.#channels.get(key) ?? { sources: new Map(), lines: [] };
    this.#channels.set(key, channel);
    return channel;
  }
}
