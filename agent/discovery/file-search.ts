/**
 * Looks for the files that the rules mean, by scans and by hints of the kernel, and hands each to the lineages
 * once it is known what the store has of it. It opens no file.
 */
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../../shared/logger.js';
import type { SourceRule } from '../config/source-rule.js';
import { isSameFile } from '../files/log-file.js';
import type { FollowedRules, Lineages } from '../lineages/lineages.js';
import type { Sighting } from '../lineages/sighting.js';
import { mayHaveRestBeside } from '../rotation/left-behind.js';
import type { RotatedNames } from '../rotation/rotated-names.js';
import { basesOf } from '../rotation/rotation-name.js';
import type { Ledger } from '../sources/ledger.js';
import type { Notices } from '../status/notices.js';
import { AgedFiles } from './aged-files.js';
import { Discovery, type DiscoveryEvents, type FoundFile } from './discovery.js';
import { DirectoryWatcher } from './watcher.js';

/** A scan for new files follows a hint at once, and the one before it after this time at the earliest. */
const SCAN_PAUSE_MS = 100;

export interface FileSearchContext {
  readonly lineages: Lineages;
  readonly ledger: Ledger;
  readonly names: RotatedNames;
  readonly notices: Notices;
  readonly logger: Logger;
}

export class FileSearch {
  readonly #context: FileSearchContext;
  readonly #watcher: DirectoryWatcher;
  #discovery: Discovery;
  /** What paths showed when they were found, until their files may be begun. */
  readonly #sightings = new Map<string, Sighting>();
  readonly #agedFiles = new AgedFiles();
  /** Paths at which nothing is, and that are to be looked beside. */
  readonly #rotatedAway = new Set<string>();
  #isLookingBeside = false;
  readonly #ownDirectories: readonly string[];
  /** Directories in which files may come and go, by the rules there are. */
  readonly #directories = new Set<string>();
  #isAdmitting = false;
  /** What is found now was there before it was any of our business. */
  #isBeginning = false;
  #isClosed = false;
  #scanTimer: NodeJS.Timeout | undefined;
  #isScanDue = false;

  constructor(rules: readonly SourceRule[], ownDirectories: readonly string[], context: FileSearchContext) {
    this.#context = context;
    this.#ownDirectories = ownDirectories;
    this.#watcher = new DirectoryWatcher((...hint) => this.#onHint(...hint), context.logger);
    this.#discovery = new Discovery(rules, ownDirectories, this.#discoveryEvents());
  }

  /** Takes note of what there is, and begins no file yet. */
  begin(): void {
    this.#isBeginning = true;
    this.#discovery.scan();
    this.#isBeginning = false;
  }

  /** The store was asked: all files that there are may be begun, and those that come. */
  admitAll(): void {
    this.#isAdmitting = true;
    this.#discovery.scanAll();
    // Rotated away meanwhile, and nothing has come after them.
    for (const [path, sighting] of this.#sightings)
      if (!this.#isRotated(path)) this.#add(path, this.#discovery.ruleOf(path), sighting);
    this.#sightings.clear();
  }

  /** Looks for files that no hint told of. */
  async sweep(): Promise<void> {
    this.#discovery.scan();
    await this.#agedFiles.sweep((found) => this.#begin(found));
  }

  /** Goes by other rules from now on; what their files hold by now is there before them. */
  follow(rules: readonly SourceRule[]): FollowedRules {
    this.#discovery = new Discovery(rules, this.#ownDirectories, this.#discoveryEvents());
    const ruleOf = (path: string) => this.#discovery.ruleOf(path);
    const { lineages, notices } = this.#context;
    const followed = lineages.follow(ruleOf);
    this.#agedFiles.follow(ruleOf);
    this.#directories.clear();
    // Places that cannot be looked into: those that are still wanted are told again.
    for (const [path] of notices.problems.present()) if (!lineages.has(path)) notices.forget(path);
    const wasAdmitting = this.#isAdmitting;
    this.#isAdmitting = false;
    this.begin();
    this.#watcher.keepOnly(this.#directories);
    if (wasAdmitting) this.admitAll();
    return followed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#scanTimer);
    await this.#watcher.close();
  }

  #onHint(directory: string, name: string | undefined, isListChange: boolean): void {
    if (this.#isClosed) return;
    if (this.#isAdmitting && name !== undefined) {
      this.#context.lineages.hint(directory, name);
      this.#agedFiles.reconsider(join(directory, name), (found) => this.#begin(found));
    }
    if (isListChange || name === undefined) this.#scanSoon();
  }

  /** At once, and then not again for a moment: a directory in which many files appear is read a few times. */
  #scanSoon(): void {
    this.#isScanDue = true;
    if (this.#scanTimer !== undefined) return;
    this.#isScanDue = false;
    this.#discovery.scan();
    this.#scanTimer = setTimeout(() => {
      this.#scanTimer = undefined;
      if (this.#isScanDue) this.#scanSoon();
    }, SCAN_PAUSE_MS);
  }

  #onFile(found: FoundFile): void {
    const { path, look } = found;
    if (this.#isAdmitting) {
      if (!this.#isLeftAlone(found)) this.#begin(found);
      this.#sightings.delete(path);
    } else if (!this.#sightings.has(path)) {
      const skipBytes = this.#isBeginning ? look.size : 0;
      this.#sightings.set(path, { look, skipBytes, hasWaited: true });
    }
  }

  #begin({ path, rule, look }: FoundFile): void {
    const aged = this.#agedFiles.release(path);
    // One that was rotated away without a change is left alone for good.
    const isAged = aged !== undefined && isSameFile(aged.identity, look.identity);
    const first = isAged ? { look: aged, skipBytes: aged.size, hasWaited: false } : this.#sightings.get(path);
    this.#add(path, rule, first ?? { look, skipBytes: 0, hasWaited: false });
  }

  /** Before the store was asked nobody knew of what: its lines belong to the path that it was rotated from. */
  #isRotated(path: string): boolean {
    return basesOf(basename(path)).some((base) => this.#isKnown(join(dirname(path), base)));
  }

  /** Whether the path is tailed, will be, or was by an agent before this one. */
  #isKnown(path: string): boolean {
    const { lineages, ledger } = this.#context;
    return lineages.has(path) || ledger.hasPath(path) || this.#sightings.has(path);
  }

  /** Nothing is at the path now, but was once: the next file may be long in coming, or never come. */
  #onRotatedAway(path: string): void {
    const { ledger, lineages } = this.#context;
    const isOurs = ledger.hasPath(path) && this.#discovery.ruleOf(path) !== undefined;
    if (!this.#isAdmitting || !isOurs || lineages.has(path)) return;
    this.#rotatedAway.add(path);
    if (!this.#isLookingBeside) void this.#lookBeside();
  }

  /** One after another: there may be thousands, and a directory that shows them at every change. */
  async #lookBeside(): Promise<void> {
    const { lineages } = this.#context;
    const options = { ...this.#context, isTailed: (path: string) => lineages.has(path) };
    this.#isLookingBeside = true;
    for (const path of this.#rotatedAway) {
      this.#rotatedAway.delete(path);
      // What cannot be looked into is told of by whoever looks for files.
      if (!this.#isClosed && (await mayHaveRestBeside(path, options).catch(() => false)))
        this.#add(path, this.#discovery.ruleOf(path));
    }
    this.#isLookingBeside = false;
  }

  #add(path: string, rule: SourceRule | undefined, sighting?: Sighting): void {
    if (rule === undefined || this.#isClosed) return;
    const isAllRead = sighting !== undefined && rule.readFrom !== 'end';
    this.#context.lineages.add({ path, rule }, isAllRead ? { ...sighting, skipBytes: 0 } : sighting);
  }

  /** Only what no agent has read is left alone: of the rest, something may be unread. */
  #isLeftAlone(found: FoundFile): boolean {
    const { lineages, ledger, notices } = this.#context;
    const { path, rule, look } = found;
    if (rule.ignoreOlderMs === undefined || lineages.has(path) || ledger.hasPath(path)) return false;
    if (ledger.ofIdentity(look.identity).length > 0 || !this.#agedFiles.holds(found)) return false;
    notices.once('aged', `files such as ${path} are older than ignore_older and not begun until they change`);
    return true;
  }

  #discoveryEvents(): DiscoveryEvents {
    const { lineages, notices } = this.#context;
    return {
      onFile: (found) => this.#onFile(found),
      onDirectory: (directory, identity) => {
        this.#directories.add(directory);
        this.#watcher.watch(directory, identity);
      },
      onDirectoryGone: (directory) => {
        this.#directories.delete(directory);
        this.#watcher.forget(directory);
      },
      onMissing: (path, rule) => {
        notices.missing(path);
        if (this.#isAdmitting && !this.#sightings.has(path)) lineages.add({ path, rule }, undefined);
      },
      onRotatedAway: (path) => this.#onRotatedAway(path),
      onCompressed: (path) => notices.once('compressed', `compressed files such as ${path} are not tailed`),
      onUnreadable: (path, error) => notices.unreadable(path, error),
      onReadable: (directory) => notices.readable(directory),
      isKnown: (path) => this.#isKnown(path),
    };
  }
}
