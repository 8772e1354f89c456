/**
 * All lineages of an agent: makes one for each path that is found, and wakes those whose files may have
 * changed, by hints and by a sweep that needs none.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { presentationOf } from '../config/presentation.js';
import type { SourceRule } from '../config/source-rule.js';
import type { FoundFile } from '../discovery/discovery.js';
import { LOOKS_PER_SLICE, shows } from '../files/log-file.js';
import { basesOf, isCompressedName } from '../rotation/rotation-name.js';
import type { KnownSource } from '../sources/ledger.js';
import { fileStatuses } from '../status/lineage-status.js';
import type { FileStatus } from '../status/status-shape.js';
import { Lineage, type LineageContext } from './lineage.js';
import type { Sighting } from './sighting.js';
import { SweepPace } from './sweep-pace.js';

export class Lineages {
  readonly #context: LineageContext;
  readonly #byPath = new Map<string, Lineage>();
  /** The first path of each channel. */
  readonly #channels = new Map<string, string>();
  readonly #pace = new SweepPace();

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

  /** Of every file of every path. Looks at what is known; reads nothing. */
  statuses(): FileStatus[] {
    return [...this.#byPath.values()].flatMap((lineage) => fileStatuses(lineage, this.#context));
  }

  live(): ReadonlySet<KnownSource> {
    return new Set([...this.#byPath.values()].flatMap((lineage) => lineage.sources));
  }

  add({ path, rule }: Omit<FoundFile, 'look'>, sighting: Sighting | undefined): void {
    if (this.#byPath.get(path)?.hasLeft === false) return;
    const presentation = presentationOf(rule, path, this.#context.host);
    this.#announce(path, presentation.channel);
    const lineage = new Lineage(this.#context, { path, ...presentation, sighting });
    this.#byPath.set(path, lineage);
    lineage.wake();
  }

  /**
   * Goes by other rules: `ruleOf` names the one that means a path. A lineage that is treated as before notices
   * nothing, for it may hold files that nobody could open again.
   */
  follow(ruleOf: (path: string) => SourceRule | undefined): FollowedRules {
    const followed = { kept: 0, changed: 0, left: 0 };
    for (const [path, lineage] of this.#byPath) {
      if (lineage.hasLeft) continue;
      const rule = ruleOf(path);
      if (rule === undefined) {
        lineage.leave();
        followed.left++;
        continue;
      }
      const presentation = presentationOf(rule, path, this.#context.host);
      this.#announce(path, presentation.channel);
      if (lineage.stay(presentation)) followed.changed++;
      else followed.kept++;
    }
    return followed;
  }

  /** A lineage has let go of its path, and perhaps another one has taken it up again. */
  remove(lineage: Lineage): void {
    if (this.#byPath.get(lineage.path) !== lineage) return;
    this.#byPath.delete(lineage.path);
    this.#context.notices.forget(lineage.path);
  }

  /**
   * Forgets paths at which nothing is and of which the store keeps nothing: names may come and go for ever. A file
   * that comes to one of them later changes its directory, and is found by that.
   */
  forgetDeserted(): void {
    const { ledger } = this.#context;
    const deserted = [...this.#byPath.values()].filter(
      (lineage) => lineage.isDeserted && !ledger.hasPath(lineage.path) && !hasChanged(lineage),
    );
    if (deserted.length === 0) return;
    for (const lineage of deserted) this.remove(lineage);
    const channels = new Set([...this.#byPath.values()].map(({ channel }) => channel));
    for (const { channel } of deserted) if (!channels.has(channel)) this.#channels.delete(channel);
  }

  /** Something happened to an entry of a directory. */
  hint(directory: string, name: string): void {
    const lineage = this.#byPath.get(join(directory, name));
    lineage?.wake();
    if (lineage !== undefined || isCompressedName(name)) return;
    for (const base of basesOf(name)) this.#byPath.get(join(directory, base))?.wakeForSibling();
  }

  doubtAll(): void {
    for (const lineage of this.#byPath.values()) lineage.doubt();
  }

  /** Wakes every lineage whose turn it is and whose file is not what it was at the last look. */
  async sweep(): Promise<void> {
    this.#pace.begin(this.#byPath.size);
    let looked = 0;
    for (const lineage of this.#byPath.values()) {
      const isTurn = this.#pace.isTurnOf(lineage.quietSweeps++);
      if (lineage.isRestless || (isTurn && hasChanged(lineage))) lineage.wake();
      if (isTurn && ++looked % LOOKS_PER_SLICE === 0) await nextTurn();
    }
  }

  #announce(path: string, channel: string): void {
    const other = this.#channels.get(channel) ?? path;
    this.#channels.set(channel, other);
    if (other === path) return;
    this.#context.notices.once(`channel ${path}`, `${path} shares the channel ${channel} with ${other}`);
  }

  /** Resolves with the number of bytes that were read and not appended. */
  async stop(): Promise<number> {
    const bytes = await Promise.all([...this.#byPath.values()].map((lineage) => lineage.stop()));
    return bytes.reduce((sum, some) => sum + some, 0);
  }
}

/** What became of the lineages that there were. */
export interface FollowedRules {
  readonly kept: number;
  /** From now on in another channel, with other labels or read in another way. */
  readonly changed: number;
  readonly left: number;
}

/**
 * It makes no look of what it sees: looks are kept, so V8 puts them where only a full collection finds them
 * again.
 */
function hasChanged({ path, seen }: Lineage): boolean {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() ? seen === undefined || !shows(stats, seen) : seen !== undefined;
  } catch {
    return true;
  }
}
