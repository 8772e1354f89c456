/**
 * Finds the files that the configuration means. Directories are read again only when their time has changed.
 * It decides by names which files are tailed, and never opens one.
 */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SourceRule } from '../config/source-rule.js';
import { isSettled } from '../files/directory-time.js';
import { type FileLook, identityKey, lookOf } from '../files/log-file.js';
import { basesOf, isCompressedName } from '../rotation/rotation-name.js';
import { type FileTarget, targetsOf } from './file-target.js';

/** What Node.js shows in the place of bytes in a name that are not UTF-8: by that no file can be opened. */
const NOT_UTF8 = '\uFFFD';

/** Directories that one rule's globs may reach into. */
const DIRECTORIES_MAX = 10_000;

export interface FoundFile {
  readonly path: string;
  readonly rule: SourceRule;
  readonly look: FileLook;
}

export interface DiscoveryEvents {
  /** A file to be tailed; it may be reported again. */
  onFile(found: FoundFile): void;
  /** A directory in which files may come and go; `identity` tells it from another of its name. */
  onDirectory(directory: string, identity: string): void;
  /** A directory that was announced is not there any more. */
  onDirectoryGone(directory: string): void;
  /** A path that was named and does not exist yet. */
  onMissing(path: string, rule: SourceRule): void;
  /** A path at which nothing is, though a rotation may have made something beside it of what was there. */
  onRotatedAway(path: string): void;
  onCompressed(path: string): void;
  onUnreadable(path: string, error: unknown): void;
  /** A directory could be looked into. */
  onReadable(directory: string): void;
  /** Whether the path is tailed, or was before the agent started. */
  isKnown(path: string): boolean;
}

interface Visit {
  readonly modifiedNs: bigint;
  readonly identity: string;
  /** Whether a later change must show as a later time. */
  readonly isSettled: boolean;
  readonly directories: readonly string[];
  /** Names that are meant and show nothing: links that dangle, and what may not be looked at. */
  readonly unseen: readonly string[];
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

  /** The rule that means a file of this path, whether or not there is one. */
  ruleOf(path: string): SourceRule | undefined {
    return this.#places.find(({ target }) => target.accepts(path))?.target.rule;
  }

  #lookAtNamed(place: Place): void {
    const { base, rule, accepts } = place.target;
    const stats = this.#stat(base);
    if (stats?.isDirectory()) this.#visit(place, base, 0, new Set());
    if (stats?.isDirectory() || !accepts(base)) return;
    this.#announce(dirname(base));
    if (stats?.isFile()) this.#report(base, rule, lookOf(stats));
    else if (!isCompressedName(basename(base))) this.#events.onMissing(base, rule);
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
    const isSame = visit?.isSettled && visit.identity === key && visit.modifiedNs === modifiedNs;
    if (visit === undefined || !isSame || this.#isAnyVisible(directory, visit.unseen)) {
      if (visit === undefined && place.visits.size >= DIRECTORIES_MAX) return;
      this.#events.onDirectory(directory, key);
      const isLate = isSettled(modifiedNs);
      const found = this.#read(place.target, directory, depth);
      if (found !== undefined) this.#forgetGone(place.visits, directory, new Set(found.directories));
      // Rights that are given later do not change the time of a directory.
      const stays = found !== undefined && isLate;
      visit = { modifiedNs, identity: key, isSettled: stays, ...(found ?? { directories: [], unseen: [] }) };
      place.visits.set(directory, visit);
    }
    const inside = new Set([...above, key]);
    for (const name of visit.directories) this.#visit(place, join(directory, name), depth + 1, inside);
  }

  /** Directories come and go for ever: those that are not there any more take no room. */
  #forgetGone(visits: Map<string, Visit>, directory: string, there: ReadonlySet<string>): void {
    for (const name of visits.get(directory)?.directories ?? []) {
      if (there.has(name)) continue;
      const gone = join(directory, name);
      this.#forgetGone(visits, gone, new Set());
      visits.delete(gone);
      this.#events.onDirectoryGone(gone);
    }
  }

  /** Neither a link's target nor rights that change show in the time of the directory. */
  #isAnyVisible(directory: string, names: readonly string[]): boolean {
    return names.some((name) => this.#stat(join(directory, name)) !== undefined);
  }

  /** Reports the files and returns the names of the directories to go into; undefined if it could not look. */
  #read(
    { accepts, rule, depth: depthMax }: FileTarget,
    directory: string,
    depth: number,
  ): Pick<Visit, 'directories' | 'unseen'> | undefined {
    const entries = this.#entries(directory);
    if (entries === undefined) return undefined;
    const files = new Map<string, FileLook>();
    const directories: string[] = [];
    const unseen: string[] = [];
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (depth < depthMax && !entry.name.startsWith('.') && this.#isDirectory(entry, path)) {
        directories.push(entry.name);
      } else if (accepts(path)) {
        const stats = this.#stat(path);
        if (stats?.isFile()) files.set(entry.name, lookOf(stats));
        else if (stats === undefined) unseen.push(this.#unseen(directory, entry.name));
      } else if (depth < depthMax && entry.isSymbolicLink() && this.#stat(path) === undefined) {
        unseen.push(entry.name);
      }
    }
    const names = new Set(entries.map(({ name }) => name));
    const rotatedAway = new Set<string>();
    for (const name of names) {
      const bases = basesOf(name);
      const look = files.get(name);
      const isRotation = () =>
        bases.some((base) => files.has(base) || this.#events.isKnown(join(directory, base)));
      if (look !== undefined && !isRotation()) this.#report(join(directory, name), rule, look);
      for (const base of bases) if (!names.has(base)) rotatedAway.add(base);
    }
    for (const base of rotatedAway) this.#events.onRotatedAway(join(directory, base));
    return { directories, unseen };
  }

  /** A link that dangles, a file that has gone since, or one whose name cannot be written as text. */
  #unseen(directory: string, name: string): string {
    if (name.includes(NOT_UTF8)) this.#events.onUnreadable(join(directory, name), notText());
    return name;
  }

  #report(path: string, rule: SourceRule, look: FileLook): void {
    if (isCompressedName(basename(path))) this.#events.onCompressed(path);
    else this.#events.onFile({ path, rule, look });
  }

  #isDirectory(entry: Dirent, path: string): boolean {
    if (entry.isDirectory()) return true;
    return entry.isSymbolicLink() && this.#stat(path)?.isDirectory() === true;
  }

  #entries(directory: string): Dirent[] | undefined {
    try {
      const entries = readdirSync(directory, { withFileTypes: true });
      this.#events.onReadable(directory);
      return entries;
    } catch (error) {
      this.#events.onUnreadable(directory, error);
      return undefined;
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

function notText(): Error {
  return Object.assign(new Error('EILSEQ: its name is not UTF-8'), { code: 'EILSEQ' });
}
