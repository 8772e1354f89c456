/**
 * What an agent says of itself and of all its files to whoever asks. Put together at that moment from what is
 * known: no file is looked at, and nothing is kept for it.
 */

import type { AgentSettings } from '../config/config.js';
import type { Lineages } from '../lineages/lineages.js';
import type { Ledger } from '../sources/ledger.js';
import type { StoreAccess } from '../sources/store-access.js';
import type { AgentStats } from './agent-stats.js';
import { fileStatuses, lastErrorOf, type ReadPath } from './lineage-status.js';
import type { Notices } from './notices.js';
import { type AgentStatus, type FileState, type FileStatus, STATES } from './status-shape.js';

export interface StatusReportSources {
  readonly settings: Pick<AgentSettings, 'tenant' | 'host'>;
  readonly lineages: Lineages;
  /** What is read beside files. */
  pipes(): readonly ReadPath[];
  readonly ledger: Ledger;
  readonly access: StoreAccess;
  readonly notices: Notices;
  stats(): AgentStats;
  isAtWork(): boolean;
}

export class StatusReport {
  readonly #sources: StatusReportSources;
  readonly #startedAtMs = Date.now();
  readonly #startMs = performance.now();

  constructor(sources: StatusReportSources) {
    this.#sources = sources;
  }

  /** `filesMax`: how many files to name; all of them are counted. */
  take(filesMax: number): AgentStatus {
    const { settings, access, stats, isAtWork } = this.#sources;
    const files = this.#files();
    const { outage } = access;
    const uptimeSeconds = Math.round(performance.now() - this.#startMs) / 1_000;
    // Nobody knows what is unread before the store was asked: it may be as old as the agent.
    const lagMin = isAtWork() ? 0 : uptimeSeconds;
    return {
      ...{ pid: process.pid, tenant: settings.tenant, host: settings.host },
      startedAt: new Date(this.#startedAtMs).toISOString(),
      uptimeSeconds,
      isAtWork: isAtWork(),
      ...(outage !== undefined && {
        storeAway: { since: new Date(outage.sinceMs).toISOString(), message: outage.message },
      }),
      stats: { ...stats() },
      unreadBytes: files.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0),
      lagSeconds: files.reduce((most, { lagSeconds }) => Math.max(most, lagSeconds), lagMin),
      states: countStates(files),
      files: filesMax === 0 ? [] : files.sort(worstFirst).slice(0, filesMax),
      omittedFiles: Math.max(0, files.length - filesMax),
    };
  }

  #files(): FileStatus[] {
    const { lineages, pipes, notices } = this.#sources;
    const ofPipes = pipes().flatMap((pipe) => fileStatuses(pipe, this.#sources));
    return [...ofPipes, ...lineages.statuses(), ...unreadablePlaces(lineages, notices)];
  }
}

/** Directories that cannot be looked into: nobody knows which files are in them. */
function unreadablePlaces(lineages: Lineages, notices: Notices): FileStatus[] {
  return notices.problems
    .present()
    .filter(([path]) => !lineages.has(path))
    .map(([path, problem]) => ({
      ...{ path, channel: '', state: 'unreadable' as const },
      ...{ sizeBytes: 0, offsetBytes: 0, unreadBytes: 0, lagSeconds: 0 },
      lastError: lastErrorOf(problem),
    }));
}

function countStates(files: readonly FileStatus[]): Record<FileState, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<FileState, number>;
  for (const { state } of files) counts[state]++;
  return counts;
}

/** What somebody should look at comes first. */
const RANK: readonly FileState[] = ['unreadable', 'refused', 'store_away', 'missing'];

function worstFirst(a: FileStatus, b: FileStatus): number {
  if (a.unreadBytes !== b.unreadBytes) return b.unreadBytes - a.unreadBytes;
  if (a.state !== b.state) return rankOf(a.state) - rankOf(b.state);
  return a.path < b.path ? -1 : 1;
}

function rankOf(state: FileState): number {
  const rank = RANK.indexOf(state);
  return rank === -1 ? RANK.length : rank;
}
