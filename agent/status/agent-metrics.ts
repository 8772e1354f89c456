/**
 * What an agent counts, in the text format of Prometheus. Totals of the whole agent; files get series of their
 * own only up to a number that the operator sets, because every new name costs whoever stores them.
 */
import { MetricSet } from '../../shared/metric-set.js';
import type { AgentCounters } from './agent-stats.js';
import { type AgentStatus, type Asked, type FileState, STATES } from './status-shape.js';

/** Every counter of the agent has its metric. */
const TOTALS: Readonly<Record<keyof AgentCounters, readonly [name: string, help: string]>> = {
  readBatches: ['batches_read_total', 'Batches that were read and sent.'],
  batches: ['batches_appended_total', 'Batches that the store took.'],
  failedBatches: ['batches_failed_total', 'Batches that came back without an acknowledgement.'],
  retriedBatches: ['batches_retried_total', 'Batches of bytes that were read and sent again.'],
  lines: ['lines_appended_total', 'Lines that the store took.'],
  bytes: ['bytes_appended_total', 'Bytes of files whose lines the store took.'],
  cutLines: ['lines_cut_total', 'Lines over the limit that lost their end.'],
  redactions: ['redactions_total', 'Passages that redaction rules took out of lines.'],
  setAsideLines: [
    'lines_set_aside_total',
    'Lines that the store did not take; a placeholder stands for each.',
  ],
  conflicts: ['conflicts_total', 'Batches that the store had already, or in part.'],
  recoveries: ['recoveries_total', 'Times that the store was asked anew how far a file is stored.'],
  rotations: ['rotations_total', 'Rotations that were seen.'],
  truncations: ['truncations_total', 'Truncations that were seen.'],
  lostBytes: ['lost_bytes_total', 'Bytes known to have gone before they were read.'],
  archivesNotRead: [
    'archives_not_read_total',
    'Compressed files that may hold unread lines and cannot be read.',
  ],
};

const UNTIL_ASKED = 'until the store has said what it has';

export class AgentMetrics {
  readonly #set = new MetricSet('tailrace_agent_');
  readonly #take: () => AgentStatus;
  /** Of the scrape that is being answered. */
  #status: AgentStatus;

  /** `filesMax`: how many files get series of their own. */
  constructor(agent: Asked, filesMax: number) {
    this.#take = () => agent.status(filesMax);
    this.#status = this.#take();
    for (const [key, [name, help]] of Object.entries(TOTALS))
      this.#set.total(name, help, () => this.#stat(key));
    this.#addGauges();
    if (filesMax > 0) this.#addFileGauges();
  }

  get contentType(): string {
    return this.#set.contentType;
  }

  text(): Promise<string> {
    this.#status = this.#take();
    return this.#set.text();
  }

  #addGauges(): void {
    const set = this.#set;
    set.gauges('files', `Files by state; no series for 0 ${UNTIL_ASKED}.`, ['state'], () =>
      this.#knownStates().map((state) => [{ state }, this.#status.states[state]] as const),
    );
    set.gauge('open_files', 'Files that are held open.', () => this.#stat('openFiles'));
    set.gauge('unread_bytes', `Bytes of files that are not in the store; NaN ${UNTIL_ASKED}.`, () =>
      this.#status.isAtWork ? this.#status.unreadBytes : Number.NaN,
    );
    set.gauge(
      'lag_seconds',
      `Age of the oldest unread byte; uptime ${UNTIL_ASKED}.`,
      () => this.#status.lagSeconds,
    );
    set.gauge('store_away', '1 while the store cannot be reached.', () =>
      this.#status.storeAway === undefined ? 0 : 1,
    );
    set.gauge('uptime_seconds', 'Since the agent started.', () => this.#status.uptimeSeconds);
  }

  #addFileGauges(): void {
    this.#fileGauge('file_unread_bytes', 'Bytes of a file that are not in the store.', 'unreadBytes');
    this.#fileGauge('file_lag_seconds', 'Age of the oldest unread byte of a file.', 'lagSeconds');
    this.#fileGauge('file_size_bytes', 'Size of a file.', 'sizeBytes');
    this.#fileGauge('file_offset_bytes', 'How far a file is in the store.', 'offsetBytes');
  }

  #fileGauge(name: string, help: string, key: FileNumber): void {
    this.#set.gauges(name, help, ['path', 'channel'], () =>
      this.#status.files.map((file) => [{ path: file.path, channel: file.channel }, file[key]] as const),
    );
  }

  /** Before the store has said what it has, no file is looked at: 0 would be an answer. */
  #knownStates(): readonly FileState[] {
    const { isAtWork, states } = this.#status;
    return isAtWork ? STATES : STATES.filter((state) => states[state] > 0);
  }

  #stat(key: string): number {
    return Number(this.#status.stats[key] ?? 0);
  }
}

type FileNumber = 'sizeBytes' | 'offsetBytes' | 'unreadBytes' | 'lagSeconds';
