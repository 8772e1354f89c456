/**
 * Finds the files that the configuration means. Directories are read again only when their time has changed.
 * It decides by names which files are tailed, and never opens one.
 */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SourceRule } from './config.js';
import { type FileTarget, targetsOf } from './file-target.js';
import { identityKey, lookOf } from './log-file.js';
import { basesOf, isCompressedName } from './rotation-name.js';

/** Directories that one rule's globs may reach into. */
const DIRECTORIES_MAX = 10_000;

/** A directory that changed so shortly before it was read may change again under the same time stamp. */
const TIME_GRAIN_MS = 100;

export interface FoundFile {
  readonly path: string;
  readonly rule: SourceRule;
  readonly size: number;
}

export interface DiscoveryEvents {
  /** A file to be tailed; it may be reported again. */
  onFile(found: FoundFile): void;
  /** A directory in which files may come and go; `identity` tells it from another of its name. */
  onDirectory(directory: string, identity: string): void;
  /** A path that was named and does not exist yet. */
  onMissing(path: string, rule: SourceRule): void;
  onCompressed(path: string): void;
  onUnreadable(path: string, error: unknown): void;
  /** Whether the path is tailed, or was before the agent started. */
  isKnown(path: string): boolean;
}

interface Visit {
  readonly modifiedNs: bigint;
  readonly identity: string;
  /** Whether a later change must show as a later time. */
  readonly isSettled: boolean;
  readonly directories: readonly string[];
}

interface Place {
  readonly target: FileTarget;
  readonly visits: Map<string, Visit>;
}

export class Discovery {
  readonly #places: readonly Place[];
  readonly #events: DiscoveryEvents;

  constructor(rules: readonly SourceRule[], ownDirectories: readonly string[], events: DiscoveryEvents) {
    const targets = rules.flatMap((rule) => targetsOf(rule, ownDirectories));
    this.#places = targets.map((target) => ({ target, visits: new Map() }));
    this.#events = events;
  }

  /** Looks everywhere, but into directories only where something came, went or was renamed. */
  scan(): void {
    for (const place of this.#places) {
      const { base, isNamed } = place.target;
      if (isNamed) this.#lookAtNamed(place);
      else this.#visit(place, base, 0, new Set());
    }
  }

  /** Looks into every directory, changed or not. */
  scanAll(): void {
    for (const { visits } of this.#places) visits.clear();
    this.scan();
  }

  #lookAtNamed(place: Place): void {
    const { base, rule, accepts } = place.target;
    const stats = this.#stat(base);
    if (stats?.isDirectory()) this.#visit(place, base, 0, new Set());
    if (stats?.isDirectory() || !accepts(base)) return;
    this.#announce(dirname(base));
    if (stats?.isFile()) this.#report(base, rule, Number(stats.size));
    else this.#events.onMissing(base, rule);
  }

  #announce(directory: string): void {
    const stats = this.#stat(directory);
    if (stats?.isDirectory()) this.#events.onDirectory(directory, identityKey(lookOf(stats).identity));
  }

  #visit(place: Place, directory: string, depth: number, above: ReadonlySet<string>): void {
    const stats = this.#stat(directory);
    if (!stats?.isDirectory()) return void place.visits.delete(directory);
    const { identity, modifiedNs } = lookOf(stats);
    const key = identityKey(identity);
    // A symbolic link that leads upwards.
    if (above.has(key)) return;
    let visit = place.visits.get(directory);
    if (!visit?.isSettled || visit.identity !== key || visit.modifiedNs !== modifiedNs) {
      if (visit === undefined && place.visits.size >= DIRECTORIES_MAX) return;
      this.#events.onDirectory(directory, key);
      const ageMs = Date.now() - Number(modifiedNs / 1_000_000n);
      const directories = this.#read(place.target, directory, depth);
      visit = { modifiedNs, identity: key, isSettled: ageMs > TIME_GRAIN_MS, directories };
      place.visits.set(directory, visit);
    }
    const inside = new Set([...above, key]);
    for (const name of visit.directories) this.#visit(place, join(directory, name), depth + 1, inside);
  }

  /** Reports the files and returns the names of the directories to go into. */
  #read({ accepts, rule, depth: depthMax }: FileTarget, directory: string, depth: number): string[] {
    const files = new Map<string, number>();
    const directories: string[] = [];
    for (const entry of this.#entries(directory)) {
      const path = join(directory, entry.name);
      if (depth < depthMax && !entry.name.startsWith('.') && this.#isDirectory(entry, path)) {
        directories.push(entry.name);
      } else if (accepts(path)) {
        const stats = this.#stat(path);
        if (stats?.isFile()) files.set(entry.name, Number(stats.size));
      }
    }
    for (const [name, size] of files) {
      const isRotation = basesOf(name).some(
        (base) => files.has(base) || this.#events.isKnown(join(directory, base)),
      );
      if (!isRotation) this.#report(join(directory, name), rule, size);
    }
    return directories;
  }

  #report(path: string, rule: SourceRule, size: number): void {
    if (isCompressedName(basename(path))) this.#events.onCompressed(path);
    else this.#events.onFile({ path, rule, size });
  }

  #isDirectory(entry: Dirent, path: string): boolean {
    if (entry.isDirectory()) return true;
    return entry.isSymbolicLink() && this.#stat(path)?.isDirectory() === true;
  }

  #entries(directory: string): Dirent[] {
    try {
      return readdirSync(directory, { withFileTypes: true });
    } catch (error) {
      this.#events.onUnreadable(directory, error);
      return [];
    }
  }

  #stat(path: string) {
    try {
      return statSync(path, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      this.#events.onUnreadable(path, error);
      return undefined;
    }
  }
}
