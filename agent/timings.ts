/** How long the agent waits for what nothing announces. In milliseconds. */
export interface AgentTimings {
  /** Between two looks at everything, for changes that no hint told. */
  readonly sweepMs: number;
  /** How long a rotated file must stay as it is before it counts as finished. */
  readonly lingerMs: number;
  /** After so long without a change a file's handle is closed. */
  readonly parkMs: number;
  /** Between two applications of the retention to a channel. */
  readonly trimMs: number;
  /** How long `stop` waits for what was read to be appended. */
  readonly stopMs: number;
  /** How long a command may take to end after it was told to, before it is killed. */
  readonly killMs: number;
  /** The pause before the second try of a line that the store does not take; it doubles, up to sixty times. */
  readonly trialMs: number;
}

export const TIMINGS: AgentTimings = {
  sweepMs: 2_000,
  lingerMs: 10_000,
  parkMs: 300_000,
  trimMs: 60_000,
  stopMs: 10_000,
  killMs: 5_000,
  trialMs: 500,
};
