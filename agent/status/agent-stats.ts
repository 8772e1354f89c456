/** What the agent counts since its start. Counters only go up; gauges are taken when asked for. */
import type { EncodedLines } from '../lines/line-encoder.js';

export interface AgentCounters {
  /** Batches that were read and handed on. Each of them is appended, fails or is under way. */
  readBatches: number;
  /** Batches that were appended. */
  batches: number;
  /** Batches that came back without being appended: refused, unanswered, or not even sent. */
  failedBatches: number;
  /** Batches of bytes that had been read before: they were read and sent again. */
  retriedBatches: number;
  lines: number;
  /** Raw bytes of sources that were appended. */
  bytes: number;
  /** Lines that were over the limit and lost their end. */
  cutLines: number;
  /** Passages that redaction took out of lines. */
  redactions: number;
  /** Lines that the store did not take, with a placeholder in their stead. They count as cut as well. */
  setAsideLines: number;
  conflicts: number;
  /** Times that a source was opened at the store again after a setback. */
  recoveries: number;
  rotations: number;
  truncations: number;
  /** Bytes known to have gone before they were read. */
  lostBytes: number;
  /** Compressed files that may hold unread lines, how many is not known, and cannot be read. */
  archivesNotRead: number;
}

export interface AgentStats extends Readonly<AgentCounters> {
  readonly files: number;
  readonly openFiles: number;
  readonly storeAway: boolean;
}

/** Counts a batch that was appended, of so many raw bytes. */
export function countAppended(
  counters: AgentCounters,
  { lines, cut, redactions = 0 }: Pick<EncodedLines, 'lines' | 'cut' | 'redactions'>,
  bytes: number,
): void {
  counters.batches++;
  counters.lines += lines;
  counters.cutLines += cut.length;
  counters.redactions += redactions;
  counters.bytes += bytes;
}

export function newCounters(): AgentCounters {
  return {
    ...{
      readBatches: 0,
      batches: 0,
      failedBatches: 0,
      retriedBatches: 0,
      lines: 0,
      bytes: 0,
      cutLines: 0,
      redactions: 0,
      setAsideLines: 0,
      conflicts: 0,
    },
    ...{ recoveries: 0, rotations: 0, truncations: 0, lostBytes: 0, archivesNotRead: 0 },
  };
}
