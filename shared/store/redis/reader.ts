/**
 * The reading half of the store on Redis: pages, positions and names over one connection, doorbells over
 * another, since a subscriber must not wait behind a page nor a page behind a subscriber.
 */
import type { ChannelId } from '../../protocol/channel.js';
import type { Position } from '../../protocol/cursor.js';
import type { ChannelHead, DoorbellListener, LogReader, Page, StartPoint } from '../log-store.js';
import type { Connection } from './connection.js';
import type { Doorbells } from './doorbells.js';
import { keysOfChannel, keysOfTenant } from './keys.js';
import { toHead, toLocated, toNames, toPage } from './replies.js';
import { LOCATE, PING, READ } from './scripts.js';

/** Batches in a page at the most, however small they are: one call must stay short for everybody else. */
const PAGE_BATCHES_MAX = 1_000;

/** Channels whose heads are asked for at a time. */
const HEADS_AT_ONCE = 1_000;

const ENTRY_COUNT_MAX = 2n ** 64n - 1n;

export interface RedisReaderOptions {
  readonly connection: Connection;
  readonly doorbells: Doorbells;
  readonly keyPrefix: string;
}

export class RedisLogReader implements LogReader {
  readonly #connection: Connection;
  readonly #doorbells: Doorbells;
  readonly #prefix: string;

  constructor({ connection, doorbells, keyPrefix }: RedisReaderOptions) {
    this.#connection = connection;
    this.#doorbells = doorbells;
    this.#prefix = keyPrefix;
  }

  read(id: ChannelId, after: Position, bytesMax: number): Promise<Page> {
    const { log, sources, meta } = keysOfChannel(this.#prefix, id);
    const args = [validEntry(after.entry), `${bytesMax}`, `${PAGE_BATCHES_MAX}`];
    return this.#connection.run(READ, [log, sources, meta], args, toPage);
  }

  async heads(ids: readonly ChannelId[]): Promise<ChannelHead[]> {
    const heads: ChannelHead[] = [];
    for (let at = 0; at < ids.length; at += HEADS_AT_ONCE) {
      const some = ids.slice(at, at + HEADS_AT_ONCE);
      heads.push(...(await Promise.all(some.map((id) => this.#head(id)))));
    }
    return heads;
  }

  locate(id: ChannelId, start: StartPoint): Promise<Position> {
    const { log, meta } = keysOfChannel(this.#prefix, id);
    return this.#connection.run(LOCATE, [log, meta], [start.kind, `${wantedBy(start)}`], toLocated);
  }

  channels(tenant: string): Promise<string[]> {
    return this.#connection.call('SMEMBERS', [keysOfTenant(this.#prefix, tenant).channels], toNames);
  }

  listen(listener: DoorbellListener): void {
    this.#doorbells.listen(listener);
  }

  watchChannel(id: ChannelId): Promise<void> {
    const { doorbell } = keysOfChannel(this.#prefix, id);
    return this.#doorbells.watch(doorbell, (listener) => listener.onChannel(id));
  }

  unwatchChannel(id: ChannelId): Promise<void> {
    return this.#doorbells.unwatch(keysOfChannel(this.#prefix, id).doorbell);
  }

  watchTenant(tenant: string): Promise<void> {
    const { doorbell } = keysOfTenant(this.#prefix, tenant);
    return this.#doorbells.watch(doorbell, (listener) => listener.onTenant(tenant));
  }

  unwatchTenant(tenant: string): Promise<void> {
    return this.#doorbells.unwatch(keysOfTenant(this.#prefix, tenant).doorbell);
  }

  async ping(): Promise<void> {
    await this.#connection.run(PING, [], [], () => {});
  }

  async close(): Promise<void> {
    await Promise.all([this.#connection.close(), this.#doorbells.close()]);
  }

  #head(id: ChannelId): Promise<ChannelHead> {
    const { meta } = keysOfChannel(this.#prefix, id);
    return this.#connection.call('HMGET', [meta, 'epoch', 'next'], toHead);
  }
}

function wantedBy(start: StartPoint): number {
  if (start.kind === 'tail') return start.lines;
  return start.kind === 'since' ? Math.max(0, Math.ceil(start.timeMs)) : 0;
}

/** Cursors come from clients: a count that no entry can have is an error to Redis, not merely absent. */
function validEntry(entry: string): string {
  const [ms, count] = entry.split('-') as [string, string];
  return BigInt(count) > ENTRY_COUNT_MAX ? `${ms}-${ENTRY_COUNT_MAX}` : entry;
}
