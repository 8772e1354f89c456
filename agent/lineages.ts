/**
 * All lineages of an agent: makes one for each path that is found, and wakes those whose files may have
 * changed, by hints and by a sweep that needs none.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { channelOf } from './channel-template.js';
import type { FoundFile } from './discovery.js';
import type { KnownSource } from './ledger.js';
import { Lineage, type LineageContext } from './lineage.js';
import { type FileLook, isSameFile, lookOf } from './log-file.js';
import { basesOf, isCompressedName } from './rotation-name.js';

/** Files that a sweep looks at before it lets others have the processor: about a quarter of a millisecond. */
const SWEEP_SLICE = 100;

export class Lineages {
  readonly #context: LineageContext;
  readonly #byPath = new Map<string, Lineage>();
  /** The first path of each channel. */
  readonly #channels = new Map<string, string>();

  constructor(context: LineageContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#byPath.size;
  }

  get openFiles(): number {
    return [...this.#byPath.values()].reduce((sum, lineage) => sum + lineage.openFiles, 0);
  }

  get channels(): ReadonlySet<string> {
    return new Set(this.#channels.keys());
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  live(): ReadonlySet<KnownSource> {
    return new Set([...this.#byPath.values()].flatMap((lineage) => lineage.sources));
  }

  /** `skipBytes`: what was in the file before it is any of our business. */
  add({ path, rule }: Omit<FoundFile, 'size'>, skipBytes: number): void {
    if (this.#byPath.has(path)) return;
    const channel = channelOf(rule.channel, path, this.#context.host);
    const other = this.#channels.get(channel);
    if (other === undefined) this.#channels.set(channel, path);
    else this.#context.notices.once(`channel ${path}`, `${path} shares the channel ${channel} with ${other}`);
    const lineage = new Lineage(this.#context, { path, channel, labels: rule.labels, skipBytes });
    this.#byPath.set(path, lineage);
    lineage.wake();
  }

  /** Something happened to an entry of a directory. */
  hint(directory: string, name: string): void {
    const lineage = this.#byPath.get(join(directory, name));
    lineage?.wake();
    if (lineage !== undefined || isCompressedName(name)) return;
    for (const base of basesOf(name)) this.#byPath.get(join(directory, base))?.wakeForSibling();
  }

  wakeAll(): void {
    for (const lineage of this.#byPath.values()) lineage.wake();
  }

  doubtAll(): void {
    for (const lineage of this.#byPath.values()) lineage.doubt();
  }

  /** Wakes every lineage whose file is not what it was at the last look. */
  async sweep(): Promise<void> {
    let looked = 0;
    for (const lineage of this.#byPath.values()) {
      if (lineage.isRestless || hasChanged(lineage)) lineage.wake();
      if (++looked % SWEEP_SLICE === 0) await nextTurn();
    }
  }

  /** Resolves with the number of bytes that were read and not appended. */
  async stop(): Promise<number> {
    const bytes = await Promise.all([...this.#byPath.values()].map((lineage) => lineage.stop()));
    return bytes.reduce((sum, some) => sum + some, 0);
  }
}

/** Synchronous on purpose: 2 µs each, a third of what the thread pool takes. */
function hasChanged({ path, seen }: Lineage): boolean {
  let now: FileLook | undefined;
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    now = stats?.isFile() ? lookOf(stats) : undefined;
  } catch {
    return true;
  }
  if (now === undefined || seen === undefined) return now !== seen;
  return (
    now.size !== seen.size || now.modifiedNs !== seen.modifiedNs || !isSameFile(now.identity, seen.identity)
  );
}
