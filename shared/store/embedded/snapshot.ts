/** The database as it was at one instant. Must be closed: until then LevelDB keeps what it shows. */
import type { Level } from './database.js';

/** Bytes that an iterator reads ahead: a page is mostly larger than LevelDB's default of 16 KiB. */
const READ_AHEAD_BYTES = 256 * 1024;

export interface Bounds {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
}

type Entry = [key: string, value: Buffer];

export class Snapshot {
  readonly #level: Level;
  readonly #snapshot: ReturnType<Level['snapshot']>;

  constructor(level: Level) {
    this.#level = level;
    this.#snapshot = level.snapshot();
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#level.get(key, { snapshot: this.#snapshot });
  }

  /** In the order of the keys. */
  getMany(keys: string[]): Promise<(Buffer | undefined)[]> {
    return this.#level.getMany(keys, { snapshot: this.#snapshot });
  }

  entries(bounds: Bounds): AsyncIterable<Entry> {
    return this.#level.iterator({
      ...bounds,
      snapshot: this.#snapshot,
      highWaterMarkBytes: READ_AHEAD_BYTES,
    });
  }

  keys(bounds: Bounds): Promise<string[]> {
    return this.#level.keys({ ...bounds, snapshot: this.#snapshot }).all();
  }

  first(bounds: Bounds): Promise<Entry | undefined> {
    return this.#one({ ...bounds, limit: 1 });
  }

  last(bounds: Bounds): Promise<Entry | undefined> {
    return this.#one({ ...bounds, limit: 1, reverse: true });
  }

  close(): Promise<void> {
    return this.#snapshot.close();
  }

  async #one(options: Bounds & { limit: number; reverse?: boolean }): Promise<Entry | undefined> {
    const [entry] = await this.#level.iterator({ ...options, snapshot: this.#snapshot }).all();
    return entry;
  }
}
