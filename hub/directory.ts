/**
 * The names of one tenant's channels, as far as somebody subscribed to a pattern of them. Learns of new ones
 * by doorbell and by sweep; it never forgets one, since a channel without lines is no different from a quiet
 * one.
 */
import type { LogReader } from '../shared/store/log-store.js';
import { Retry } from './retry.js';
import type { StoreHealth } from './store-health.js';

export interface DirectoryListener {
  /** Names that were not there at the last look. */
  channelsAppeared(channels: readonly string[]): void;
}

export class Directory {
  readonly #tenant: string;
  readonly #reader: LogReader;
  readonly #health: StoreHealth;
  readonly #names = new Set<string>();
  readonly #listeners = new Set<DirectoryListener>();
  readonly #retry = new Retry();
  #waiting: ((channels: readonly string[]) => void)[] = [];
  #isWatched = false;
  #isReading = false;
  #isRung = false;
  #isClosed = false;

  constructor(tenant: string, reader: LogReader, health: StoreHealth) {
    this.#tenant = tenant;
    this.#reader = reader;
    this.#health = health;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  add(listener: DirectoryListener): void {
    this.#listeners.add(listener);
  }

  delete(listener: DirectoryListener): void {
    this.#listeners.delete(listener);
  }

  /** All names, from a look that begins after this call; waits as long as the store is away. */
  list(): Promise<readonly string[]> {
    const listed = new Promise<readonly string[]>((resolve) => this.#waiting.push(resolve));
    this.look();
    return listed;
  }

  /** While a look is under way, any number of calls cause one more. */
  look(): void {
    this.#isRung = true;
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    void this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry.cancel();
    this.#reader
      .unwatchTenant(this.#tenant)
      .catch((error: unknown) => this.#health.failed(error, 'leaving a tenant'));
  }

  async #follow(): Promise<void> {
    let asking: ((channels: readonly string[]) => void)[] = [];
    try {
      while (this.#isRung && !this.#isClosed) {
        this.#isRung = false;
        asking = this.#waiting.splice(0);
        this.#learn(await this.#read(), asking);
      }
      this.#retry.succeeded();
      this.#health.succeeded();
    } catch (error) {
      this.#waiting.unshift(...asking);
      this.#failed(error);
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<readonly string[]> {
    if (!this.#isWatched) await this.#reader.watchTenant(this.#tenant);
    this.#isWatched = true;
    return this.#reader.channels(this.#tenant);
  }

  #learn(channels: readonly string[], asking: readonly ((channels: readonly string[]) => void)[]): void {
    const appeared = channels.filter((channel) => !this.#names.has(channel));
    for (const channel of appeared) this.#names.add(channel);
    if (appeared.length > 0) {
      for (const listener of this.#listeners) listener.channelsAppeared(appeared);
    }
    for (const resolve of asking) resolve(channels);
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#health.failed(error, `listing the channels of tenant ${this.#tenant}`);
    this.#retry.schedule(() => this.look());
  }
}

/** The directories of all tenants that somebody watches. */
export class Directories {
  readonly #reader: LogReader;
  readonly #health: StoreHealth;
  readonly #directories = new Map<string, Directory>();

  constructor(reader: LogReader, health: StoreHealth) {
    this.#reader = reader;
    this.#health = health;
  }

  get(tenant: string): Directory {
    const existing = this.#directories.get(tenant);
    if (existing !== undefined) return existing;
    const directory = new Directory(tenant, this.#reader, this.#health);
    this.#directories.set(tenant, directory);
    return directory;
  }

  ring(tenant: string): void {
    this.#directories.get(tenant)?.look();
  }

  ringAll(): void {
    for (const directory of this.#directories.values()) directory.look();
  }

  /** Looks at all that somebody listens to and leaves the others. */
  sweep(): void {
    for (const [tenant, directory] of this.#directories) {
      if (directory.listeners > 0) {
        directory.look();
        continue;
      }
      this.#directories.delete(tenant);
      directory.close();
    }
  }

  close(): void {
    for (const directory of this.#directories.values()) directory.close();
    this.#directories.clear();
  }
}
