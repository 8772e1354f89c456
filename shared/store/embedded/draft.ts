/**
 * The next commit while it is being put together: what it will write, laid over what is stored, so that the
 * later of its operations see the earlier. Nothing of it exists before the commit.
 */
import type { ChannelId } from '../../protocol/channel.js';
import { channelKey } from '../../protocol/channel.js';
import type { Level } from './database.js';
import type { KeyRange } from './keys.js';

type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string };

export class Draft {
  readonly #level: Level;
  /** Undefined stands for a deletion. */
  readonly #changes = new Map<string, Buffer | undefined>();
  /** Channels that this commit appends to or trims, by their key. */
  readonly retained = new Map<string, ChannelId>();
  /** Channels of which more is to evict than one commit does. */
  readonly unfinished = new Set<string>();
  /** Doorbells to ring once it is committed. */
  readonly appended = new Map<string, ChannelId>();
  readonly newTenants = new Set<string>();

  constructor(level: Level) {
    this.#level = level;
  }

  /** The values in the order of the keys, undefined for those that are not there. */
  async getMany(keys: string[]): Promise<(Buffer | undefined)[]> {
    const stored = await this.#level.getMany(keys);
    return keys.map((key, index) => (this.#changes.has(key) ? this.#changes.get(key) : stored[index]));
  }

  /** In order, provided that new keys of the range come after the stored ones. */
  async *entries(range: KeyRange): AsyncGenerator<[key: string, value: Buffer]> {
    for await (const [key, value] of this.#level.iterator({ ...range })) {
      if (!this.#changes.has(key)) yield [key, value];
    }
    for (const [key, value] of this.#changes) {
      if (value !== undefined && key >= range.gte && key < range.lt) yield [key, value];
    }
  }

  put(key: string, value: Buffer): void {
    this.#changes.set(key, value);
  }

  delete(key: string): void {
    this.#changes.set(key, undefined);
  }

  /** Retention is applied once per commit and channel, after all that is appended to it. */
  retain(id: ChannelId): void {
    this.retained.set(channelKey(id), id);
  }

  operations(): LevelOperation[] {
    return [...this.#changes].map(([key, value]) =>
      value === undefined ? { type: 'del', key } : { type: 'put', key, value },
    );
  }
}
