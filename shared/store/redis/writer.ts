/**
 * The writing half of the store on Redis: turns calls into one script call each, and keeps the tenant's set
 * of channels complete. It holds nothing that Redis does not know.
 */
import { randomBytes } from 'node:crypto';
import type { ChannelId } from '../../protocol/channel.js';
import type {
  AppendOutcome,
  LogWriter,
  OutgoingBatch,
  Retention,
  SourceDescription,
  SourcePosition,
  SourceRecord,
} from '../log-store.js';
import type { Connection } from './connection.js';
import { keysOfChannel, keysOfTenant } from './keys.js';
import { toAppendOutcome, toDescription, toNames, toPairs, toSourcePosition } from './replies.js';
import { APPEND, OPEN_SOURCE, REGISTER_CHANNEL, RETIRE_SOURCES, TRIM } from './scripts.js';

/** Channels whose sources are asked for at a time. */
const CHANNELS_AT_ONCE = 100;

/** Sources that one script call looks at. */
const SOURCES_AT_ONCE = 500;

export interface RedisWriterOptions {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly retention: Retention;
}

export class RedisLogWriter implements LogWriter {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #retention: Retention;
  /** Channels known to be in their tenant's set, as far as this connection can tell; by tenant. */
  readonly #registered = new Map<string, Set<string>>();

  constructor({ connection, keyPrefix, retention }: RedisWriterOptions) {
    this.#connection = connection;
    this.#prefix = keyPrefix;
    this.#retention = retention;
    // The set lives in another slot than the channel, perhaps on a server that lost it: register again.
    connection.onLost = () => this.#registered.clear();
  }

  async openSource(
    id: ChannelId,
    source: string,
    description: SourceDescription,
    initial: SourcePosition,
  ): Promise<SourcePosition> {
    await this.#register(id);
    const args = [source, JSON.stringify(description), `${initial.offset}`, initial.mark, newEpoch()];
    return this.#connection.run(OPEN_SOURCE, this.#keys(id), args, toSourcePosition);
  }

  append(id: ChannelId, batch: OutgoingBatch, mark: string): Promise<AppendOutcome> {
    // Not waited for: the batch can do without, and the next append would try again.
    if (!this.#registered.get(id.tenant)?.has(id.channel)) this.#register(id).catch(() => {});
    const { source, from, to, lines, encoding, cut, payload, also } = batch;
    const { bytes, ageMs } = this.#retention;
    const { doorbell } = keysOfChannel(this.#prefix, id);
    const numbers = [`${from}`, `${to}`, `${lines}`];
    const limits = [`${bytes}`, `${ageMs}`];
    const other = also === undefined ? [] : [also.source, `${also.from}`, `${also.to.offset}`, also.to.mark];
    const args = [source, ...numbers, encoding, cut.join(','), payload, mark, ...limits, doorbell, ...other];
    return this.#connection.run(APPEND, this.#keys(id), args, toAppendOutcome);
  }

  async sourcesOf(tenant: string, host: string): Promise<SourceRecord[]> {
    const { channels } = keysOfTenant(this.#prefix, tenant);
    const names = await this.#connection.call('SMEMBERS', [channels], toNames);
    const records: SourceRecord[] = [];
    for (let at = 0; at < names.length; at += CHANNELS_AT_ONCE) {
      const ids = names.slice(at, at + CHANNELS_AT_ONCE).map((channel) => ({ tenant, channel }));
      const found = await Promise.all(ids.map((id) => this.#sourcesIn(id)));
      for (const record of found.flat()) if (record.description.host === host) records.push(record);
    }
    return records;
  }

  async retireSources(id: ChannelId, sources: readonly string[]): Promise<void> {
    for (let at = 0; at < sources.length; at += SOURCES_AT_ONCE) {
      const some = sources.slice(at, at + SOURCES_AT_ONCE);
      await this.#connection.run(RETIRE_SOURCES, this.#keys(id), some, ignored);
    }
  }

  async trim(id: ChannelId): Promise<void> {
    const { log, meta } = keysOfChannel(this.#prefix, id);
    const limits = [`${this.#retention.bytes}`, `${this.#retention.ageMs}`];
    while (await this.#connection.run(TRIM, [log, meta], limits, isOne));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #keys(id: ChannelId): [log: string, positions: string, sources: string, meta: string] {
    const { log, positions, sources, meta } = keysOfChannel(this.#prefix, id);
    return [log, positions, sources, meta];
  }

  async #register(id: ChannelId): Promise<void> {
    const { channels, doorbell } = keysOfTenant(this.#prefix, id.tenant);
    const registered = this.#registered.get(id.tenant) ?? new Set();
    this.#registered.set(id.tenant, registered.add(id.channel));
    try {
      await this.#connection.run(REGISTER_CHANNEL, [channels], [id.channel, doorbell], ignored);
    } catch (error) {
      registered.delete(id.channel);
      throw error;
    }
  }

  /** Positions are read last: a source opened in between is in them, one retired in between is left out. */
  async #sourcesIn(id: ChannelId): Promise<SourceRecord[]> {
    const keys = keysOfChannel(this.#prefix, id);
    const [descriptions, positions] = await Promise.all([
      this.#connection.call('HGETALL', [keys.sources], toPairs),
      this.#connection.call('HGETALL', [keys.positions], toPairs),
    ]);
    const positionOf = new Map(positions);
    return descriptions.flatMap(([source, description]) => {
      const position = positionOf.get(source);
      if (position === undefined) return [];
      const { channel } = id;
      return [
        { channel, source, description: toDescription(description), position: toSourcePosition(position) },
      ];
    });
  }
}

/** Numbers and lower-case letters only: epochs are part of cursors. */
function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

function ignored(): void {}

function isOne(reply: unknown): boolean {
  return reply === 1;
}
