/** What the agent counts since its start. Counters only go up; gauges are taken when asked for. */

export interface AgentCounters {
  batches: number;
  lines: number;
  /** Raw bytes of sources that were appended. */
  bytes: number;
  /** Lines that were over the limit and lost their end. */
  cutLines: number;
  conflicts: number;
  /** Times that a source was opened at the store again after a setback. */
  recoveries: number;
  rotations: number;
  truncations: number;
  /** Bytes known to have gone before they were read. */
  lostBytes: number;
}

export interface AgentStats extends Readonly<AgentCounters> {
  readonly files: number;
  readonly openFiles: number;
  readonly storeAway: boolean;
}

export function newCounters(): AgentCounters {
  return {
    ...{ batches: 0, lines: 0, bytes: 0, cutLines: 0, conflicts: 0 },
    ...{ recoveries: 0, rotations: 0, truncations: 0, lostBytes: 0 },
  };
}
