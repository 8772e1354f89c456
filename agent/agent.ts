/**
 * Wires the agent: which files there are (discovery, hints, sweep), who reads them (a lineage per path), and
 * what they share. It reads no file and makes no position up itself.
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { LogWriter } from '../shared/store/log-store.js';
import { type AgentCounters, type AgentStats, newCounters } from './agent-stats.js';
import { BatchSlots } from './batch-slots.js';
import { channelOf } from './channel-template.js';
import { Claims } from './claims.js';
import { type AgentSettings, STANDARD_INPUT } from './config.js';
import { Discovery, type DiscoveryEvents, type FoundFile } from './discovery.js';
import { Ledger } from './ledger.js';
import type { LineageContext } from './lineage.js';
import { Lineages } from './lineages.js';
import { Maintenance } from './maintenance.js';
import { Notices } from './notices.js';
import { RestArea } from './rest-area.js';
import { RotatedNames } from './rotated-names.js';
import type { SessionContext } from './source-session.js';
import { StandardInput } from './standard-input.js';
import { StoreAccess, type StoreClient } from './store-access.js';
import { type AgentTimings, TIMINGS } from './timings.js';
import { WakeGate } from './wake-gate.js';
import { DirectoryWatcher } from './watcher.js';

export interface AgentDependencies {
  /** Stays the caller's: it is not closed here. */
  readonly writer: LogWriter;
  readonly logger: Logger;
  /** Needed where a source includes `-`. */
  readonly standardInput?: Readable;
  readonly timings?: Partial<AgentTimings>;
}

/** A scan for new files follows a hint at once, and the one before it after this time at the earliest. */
const SCAN_PAUSE_MS = 100;

const READ_AGAIN = 'what is still on disk is read again';

export class LogAgent {
  /** Resolves when standard input has ended and is appended, if there are no files; else after `stop`. */
  readonly finished: Promise<void>;
  readonly #settings: AgentSettings;
  readonly #logger: Logger;
  readonly #timings: AgentTimings;
  readonly #writer: LogWriter;
  readonly #stopping = new AbortController();
  readonly #counters: AgentCounters = newCounters();
  readonly #ledger: Ledger;
  readonly #notices: Notices;
  readonly #access: StoreAccess;
  readonly #restArea: RestArea;
  readonly #lineages: Lineages;
  readonly #maintenance: Maintenance;
  readonly #watcher: DirectoryWatcher;
  readonly #discovery: Discovery;
  readonly #standardInput: StandardInput | undefined;
  readonly #loader: StoreClient = { path: 'the list of sources', wake: () => void this.#load() };
  /** Sizes that files had when the agent started, for `read_from: end`. */
  readonly #sizesAtStart = new Map<string, number>();
  #isLoaded = false;
  #scanTimer: NodeJS.Timeout | undefined;
  #isScanDue = false;
  #sweeping: Promise<void> = Promise.resolve();
  #finish: () => void = () => {};

  constructor(settings: AgentSettings, { writer, logger, standardInput, timings }: AgentDependencies) {
    this.#settings = settings;
    this.#logger = logger;
    this.#timings = { ...TIMINGS, ...timings };
    this.#writer = writer;
    this.#ledger = new Ledger(settings.host);
    this.#notices = new Notices(logger, this.#counters);
    this.#access = new StoreAccess(logger, () => this.#maintenance.compareSoon());
    this.#restArea = new RestArea(settings.openFilesMax, this.#timings.parkMs);
    const context = this.#sessionContext();
    this.#lineages = new Lineages(this.#lineageContext(context));
    this.#maintenance = this.#newMaintenance();
    this.#watcher = new DirectoryWatcher((...hint) => this.#onHint(...hint), logger);
    const { sources, ownDirectories = [] } = settings;
    this.#discovery = new Discovery(sources, ownDirectories, this.#discoveryEvents());
    this.#standardInput = this.#newStandardInput(context, standardInput);
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Resolves when the agent is at work; a store that is away is waited for in the background. */
  async start(): Promise<void> {
    this.#standardInput?.start();
    if (!this.#hasFiles) return void this.#standardInput?.finished.then(() => this.#finish());
    this.#discovery.scan();
    await this.#load();
    this.#sweeping = this.#sweepUntilStopped();
  }

  /** Resolves when what was read is appended, or after a bounded wait that says what was not. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#scanTimer);
    await this.#watcher.close();
    this.#standardInput?.stop();
    const waiting = sleep(this.#timings.stopMs, 'late' as const, { ref: false });
    const outcome = await Promise.race([this.#settle(), waiting]);
    this.#access.close();
    if (outcome === 'late') this.#logger.warn(`stopped before everything was appended; ${READ_AGAIN}`);
    else if (outcome > 0) this.#logger.warn(`stopped with ${outcome} bytes not appended; ${READ_AGAIN}`);
    this.#finish();
  }

  stats(): AgentStats {
    const { count: files, openFiles } = this.#lineages;
    return { ...this.#counters, files, openFiles, storeAway: this.#access.isAway };
  }

  get #hasFiles(): boolean {
    return this.#settings.sources.some(({ include }) => include.some((entry) => entry !== STANDARD_INPUT));
  }

  /** No file is begun before it is known what the store has of it. */
  async #load(): Promise<void> {
    if (this.#stopping.signal.aborted || !this.#access.admits(this.#loader)) return;
    try {
      const { tenant, host } = this.#settings;
      this.#ledger.load(await this.#writer.sourcesOf(tenant, host));
    } catch (error) {
      return this.#access.failed(this.#loader, error);
    }
    this.#isLoaded = true;
    this.#access.succeeded(this.#loader);
    this.#discovery.scanAll();
  }

  async #sweepUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.#timings.sweepMs, undefined, { signal }).catch(() => {});
      if (signal.aborted || !this.#isLoaded) continue;
      this.#discovery.scan();
      await this.#lineages.sweep();
      this.#restArea.sweep();
      this.#maintenance.sweep();
    }
  }

  #onHint(directory: string, name: string | undefined, isListChange: boolean): void {
    if (!this.#isLoaded || this.#stopping.signal.aborted) return;
    if (name !== undefined) this.#lineages.hint(directory, name);
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

  #onFile({ path, rule, size }: FoundFile): void {
    if (!this.#isLoaded) this.#sizesAtStart.set(path, size);
    else
      this.#lineages.add({ path, rule }, rule.readFrom === 'end' ? (this.#sizesAtStart.get(path) ?? 0) : 0);
  }

  /** Resolves with the bytes that were read and not appended. */
  async #settle(): Promise<number> {
    await this.#sweeping;
    await this.#maintenance.stop();
    const bytes = await this.#lineages.stop();
    await this.#standardInput?.finished;
    return bytes;
  }

  #sessionContext(): SessionContext {
    return {
      writer: this.#writer,
      access: this.#access,
      slots: new BatchSlots(),
      counters: this.#counters,
      lineBytesMax: this.#settings.maxLineBytes,
      stopping: this.#stopping.signal,
    };
  }

  #lineageContext(session: SessionContext): LineageContext {
    const { tenant, host } = this.#settings;
    return {
      ...session,
      ...{ tenant, host, ledger: this.#ledger, notices: this.#notices, lingerMs: this.#timings.lingerMs },
      claims: new Claims(),
      gate: new WakeGate(),
      names: new RotatedNames(),
      onRest: (lineage) => this.#restArea.enter(lineage),
      onRollback: () => this.#maintenance.compareSoon(),
    };
  }

  #newMaintenance(): Maintenance {
    const { tenant, host } = this.#settings;
    return new Maintenance({
      ...{ tenant, host, writer: this.#writer, ledger: this.#ledger, logger: this.#logger },
      everyMs: this.#timings.trimMs,
      channels: () => this.#lineages.channels,
      live: () => this.#lineages.live(),
      onRollback: (sources) => {
        this.#logger.warn(
          `the store lost lines of ${sources} sources that it had acknowledged; ${READ_AGAIN}`,
        );
        this.#lineages.doubtAll();
      },
    });
  }

  #discoveryEvents(): DiscoveryEvents {
    return {
      onFile: (found) => this.#onFile(found),
      onDirectory: (directory, identity) => this.#watcher.watch(directory, identity),
      onMissing: (path, rule) => {
        this.#notices.missing(path);
        this.#onFile({ path, rule, size: 0 });
      },
      onCompressed: (path) =>
        this.#notices.once('compressed', `compressed files such as ${path} are not tailed`),
      onUnreadable: (path, error) => this.#notices.unreadable(path, error),
      isKnown: (path) => this.#lineages.has(path) || this.#ledger.hasPath(path),
    };
  }

  #newStandardInput(context: SessionContext, stream: Readable | undefined): StandardInput | undefined {
    const { sources, host, tenant } = this.#settings;
    const rule = sources.find(({ include }) => include.includes(STANDARD_INPUT));
    if (rule === undefined) return undefined;
    if (stream === undefined) throw new UsageError('a source includes - but there is no standard input');
    const channel = channelOf(rule.channel, '/stdin', host);
    return new StandardInput(context, { id: { tenant, channel }, host, labels: rule.labels }, stream);
  }
}
