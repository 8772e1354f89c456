/**
 * Wires the agent: which files there are (a search), who reads them (a lineage per path), and what they share.
 * It reads no file and makes no position up itself.
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../shared/logger.js';
import type { LogWriter } from '../shared/store/log-store.js';
import { withResolvers } from '../shared/with-resolvers.js';
import { Archives } from './archives/archives.js';
import type { AgentSettings } from './config/config.js';
import { hasFiles, keysForRestart, reloadSentence } from './config/reload.js';
import { FileSearch } from './discovery/file-search.js';
import { Claims } from './files/claims.js';
import type { LineageContext } from './lineages/lineage.js';
import { Lineages } from './lineages/lineages.js';
import { RestArea } from './lineages/rest-area.js';
import { WakeGate } from './lineages/wake-gate.js';
import { Pipes } from './pipes/pipes.js';
import { RotatedNames } from './rotation/rotated-names.js';
import { BatchSlots } from './sources/batch-slots.js';
import { Ledger } from './sources/ledger.js';
import { Maintenance } from './sources/maintenance.js';
import type { SessionContext } from './sources/source-session.js';
import { StoreAccess, type StoreClient } from './sources/store-access.js';
import { type AgentCounters, type AgentStats, newCounters } from './status/agent-stats.js';
import { Notices } from './status/notices.js';
import { StatusReport } from './status/status-report.js';
import type { AgentStatus } from './status/status-shape.js';
import { type AgentTimings, TIMINGS } from './timings.js';

export interface AgentDependencies {
  /** Stays the caller's: it is not closed here. */
  readonly writer: LogWriter;
  readonly logger: Logger;
  /** Needed where a source includes `-`. */
  readonly standardInput?: Readable;
  readonly timings?: Partial<AgentTimings>;
}

const READ_AGAIN = 'what is still on disk is read again';

/** Where lines go and as whose they are kept: by these the agent was begun, and lines of others must not go there. */
const DESTINATION: ReadonlySet<string> = new Set<keyof AgentSettings>(['tenant', 'host', 'redis']);

export class LogAgent {
  /** Resolves when all pipes have ended and are appended, if there are no files; else after `stop`. */
  readonly finished: Promise<void>;
  /** Those that it started with: what was not taken over since goes by them. */
  readonly #settings: AgentSettings;
  readonly #logger: Logger;
  readonly #timings: AgentTimings;
  readonly #writer: LogWriter;
  readonly #stopping = new AbortController();
  readonly #finished = withResolvers();
  readonly #counters: AgentCounters = newCounters();
  readonly #ledger: Ledger;
  readonly #notices: Notices;
  readonly #access: StoreAccess;
  readonly #restArea: RestArea;
  readonly #slots = new BatchSlots();
  readonly #names = new RotatedNames();
  readonly #lineages: Lineages;
  readonly #maintenance: Maintenance;
  readonly #search: FileSearch;
  readonly #pipes: Pipes;
  readonly #loader: StoreClient = { path: 'the list of sources', wake: () => void this.#load() };
  readonly #report: StatusReport;
  /** Whether any files were meant at the start: else there is nothing that looks for them. */
  readonly #hasFiles: boolean;
  #isLoaded = false;
  #hasLost = false;
  #hasToldRest = false;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(settings: AgentSettings, { writer, logger, standardInput, timings }: AgentDependencies) {
    this.#settings = settings;
    this.#hasFiles = hasFiles(settings);
    this.#logger = logger;
    this.#timings = { ...TIMINGS, ...timings };
    this.#writer = writer;
    this.#ledger = new Ledger(settings.host);
    this.#notices = new Notices(logger, this.#counters);
    this.#access = new StoreAccess(logger, () => this.#maintenance.compareSoon(), this.#timings.trialMs);
    this.#restArea = new RestArea(settings.openFilesMax, this.#timings.parkMs);
    const context = this.#sessionContext();
    this.#lineages = new Lineages(this.#lineageContext(context));
    this.#maintenance = this.#newMaintenance();
    this.#search = this.#newSearch();
    this.#pipes = new Pipes(context, settings, { input: standardInput, killMs: this.#timings.killMs });
    this.#report = this.#newReport();
    this.finished = this.#finished.promise;
  }

  /** Resolves when the agent is at work; a store that is away is waited for in the background. */
  async start(): Promise<void> {
    this.#pipes.start();
    if (!this.#hasFiles) return void this.#pipes.finished.then(this.#finished.resolve);
    this.#search.begin();
    await this.#load();
    this.#sweeping = this.#sweepUntilStopped();
  }

  /** Resolves when what was read is appended, or after a bounded wait that says what was not. */
  async stop(signal?: NodeJS.Signals): Promise<void> {
    this.#stopping.abort();
    this.#pipes.stop(signal);
    await this.#search.close();
    const waiting = sleep(this.#timings.stopMs, 'late' as const, { ref: false });
    const outcome = await Promise.race([this.#settle(), waiting]);
    this.#access.close();
    this.#tellRest(outcome);
    this.#finished.resolve();
  }

  /** For an end that nothing is waited for: kills the commands that are read, and says what is not appended. */
  abandon(): void {
    this.#pipes.signal('SIGKILL');
    this.#tellRest('late');
  }

  /** Of the commands that were read, as a shell has it; undefined where there were none and nothing was lost. */
  get exitCode(): number | undefined {
    return this.#hasLost ? Math.max(1, this.#pipes.exitCode ?? 0) : this.#pipes.exitCode;
  }

  /** Passes a signal on to the commands that are read. */
  signal(name: NodeJS.Signals): void {
    this.#pipes.signal(name);
  }

  stats(): AgentStats {
    const { count: files, openFiles } = this.#lineages;
    return { ...this.#counters, files, openFiles, storeAway: this.#access.isAway };
  }

  status(filesMax: number): AgentStatus {
    return this.#report.take(filesMax);
  }

  /** Goes on by other sources. Every line stays where it is or comes once; the store need not be there. */
  reload(settings: AgentSettings): void {
    if (this.#stopping.signal.aborted) return;
    const keys = keysForRestart(this.#settings, settings);
    if (keys.some((key) => DESTINATION.has(key))) {
      this.#refuse(keys);
      return;
    }
    if (hasFiles(settings) && !this.#hasFiles) keys.push('sources');
    else this.#followSources(settings);
    if (keys.length > 0)
      this.#logger.warn(`a running agent does not take over another ${keys.join(', ')}: restart it for that`);
  }

  /** Its sources are meant for another place: none of them may be sent to this one. */
  #refuse(keys: readonly string[]): void {
    this.#logger.error(
      `configuration not reloaded, the agent goes on as before: it has another ${keys.join(', ')}; ` +
        'a restart takes over all of it',
    );
  }

  #followSources({ sources }: AgentSettings): void {
    this.#logger.info(reloadSentence(this.#search.follow(sources)));
  }

  /** Once: what waits for nothing may come while a stop that waits has said it. */
  #tellRest(outcome: number | 'late'): void {
    if (this.#hasToldRest) return;
    this.#hasToldRest = true;
    this.#tellLost();
    if (!this.#hasFiles) return;
    const unread = this.#lineages.statuses().reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
    this.#notices.stopped({
      isLate: outcome === 'late',
      unappendedBytes: outcome === 'late' ? 0 : outcome,
      unreadBytes: this.#isLoaded ? unread : undefined,
      isStoreAway: this.#access.isAway,
    });
  }

  /** Nobody can read again what was taken out of a pipe. */
  #tellLost(): void {
    for (const { path, unappendedBytes } of this.#pipes.sources) {
      if (unappendedBytes === 0) continue;
      this.#hasLost = true;
      this.#counters.lostBytes += unappendedBytes;
      this.#logger.error(
        `${unappendedBytes} bytes of ${path} were not appended before the end: they are lost`,
      );
    }
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
    this.#search.admitAll();
  }

  async #sweepUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.#timings.sweepMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) continue;
      await this.#search.sweep();
      if (!this.#isLoaded) continue;
      await this.#lineages.sweep();
      this.#restArea.sweep();
      this.#slots.sweep();
      this.#maintenance.sweep();
    }
  }

  /** Resolves with the bytes that were read and not appended. */
  async #settle(): Promise<number> {
    await this.#sweeping;
    await this.#maintenance.stop();
    const bytes = await this.#lineages.stop();
    await this.#pipes.finished;
    return bytes;
  }

  #sessionContext(): SessionContext {
    return {
      writer: this.#writer,
      access: this.#access,
      slots: this.#slots,
      counters: this.#counters,
      logger: this.#logger,
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
      names: this.#names,
      isTailed: (path) => this.#lineages.has(path),
      archives: new Archives(session.stopping),
      onRest: (lineage) => this.#restArea.enter(lineage),
      onLeft: (lineage) => this.#lineages.remove(lineage),
      onRollback: () => this.#maintenance.compareSoon(),
    };
  }

  #newReport(): StatusReport {
    return new StatusReport({
      ...{ settings: this.#settings, lineages: this.#lineages, ledger: this.#ledger },
      ...{ access: this.#access, notices: this.#notices },
      pipes: () => this.#pipes.sources,
      stats: () => this.stats(),
      isAtWork: () => this.#isLoaded || !this.#hasFiles,
    });
  }

  #newMaintenance(): Maintenance {
    const { tenant, host } = this.#settings;
    return new Maintenance({
      ...{ tenant, host, writer: this.#writer, ledger: this.#ledger, logger: this.#logger },
      everyMs: this.#timings.trimMs,
      channels: () => this.#lineages.channels,
      live: () => this.#lineages.live(),
      onCompared: () => this.#lineages.forgetDeserted(),
      onRollback: (sources) => {
        this.#logger.warn(
          `the store lost lines of ${sources} sources that it had acknowledged; ${READ_AGAIN}`,
        );
        this.#lineages.doubtAll();
      },
    });
  }

  #newSearch(): FileSearch {
    const { sources, ownDirectories = [] } = this.#settings;
    return new FileSearch(sources, ownDirectories, {
      ...{ lineages: this.#lineages, ledger: this.#ledger, names: this.#names },
      ...{ notices: this.#notices, logger: this.#logger },
    });
  }
}
