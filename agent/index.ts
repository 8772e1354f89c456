/** The agent: `createAgent` with settings from `agentConfig` and a writer; nothing else is meant for others. */
import { type AgentDependencies, LogAgent } from './agent.js';
import type { AgentSettings } from './config/config.js';
import type { AgentStats } from './status/agent-stats.js';
import type { AgentStatus } from './status/status-shape.js';

export type { AgentDependencies } from './agent.js';
export { type AgentSettings, agentConfig } from './config/config.js';
export type { AgentStats } from './status/agent-stats.js';
export type { AgentStatus } from './status/status-shape.js';

export interface Agent {
  /** Resolves when the agent is at work, whether or not the store is there yet. */
  start(): Promise<void>;
  /**
   * Resolves when what was read is appended; after 10 s at the latest, with a notice of what was not. The signal
   * is passed on to the commands that are read; without one they are given a few seconds to end by themselves.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /**
   * For a process that ends in this moment, whatever is under way: kills the commands that are read, and says what
   * is lost and what is left unread.
   */
  abandon(): void;
  /** Resolves when an agent that reads pipes alone is done, else after `stop`. Never rejects. */
  readonly finished: Promise<void>;
  /** Of the commands that were read, as a shell has it: the highest of them. 1 where bytes of a pipe were lost. */
  readonly exitCode: number | undefined;
  /** Passes a signal on to the commands that are read. */
  signal(name: NodeJS.Signals): void;
  /**
   * Takes over other `sources`, and says what it does not take over. What was begun goes on where it is; a path
   * that is not meant any more is read to its present end; nothing is lost or repeated. Settings with another
   * `tenant`, `host` or `redis` are refused as a whole.
   */
  reload(settings: AgentSettings): void;
  stats(): AgentStats;
  /** Of the agent and of its files, worst first and at most `filesMax` of them. Looks at no file. */
  status(filesMax: number): AgentStatus;
}

/** Throws a `UsageError` where a source includes `-` and no standard input is given. */
export function createAgent(settings: AgentSettings, dependencies: AgentDependencies): Agent {
  return new LogAgent(settings, dependencies);
}
