/** The agent: `createAgent` with settings from `agentConfig` and a writer; nothing else is meant for others. */
import { type AgentDependencies, LogAgent } from './agent.js';
import type { AgentStats } from './agent-stats.js';
import type { AgentSettings } from './config.js';

export type { AgentDependencies } from './agent.js';
export type { AgentStats } from './agent-stats.js';
export { type AgentSettings, agentConfig, type SourceRule, STANDARD_INPUT } from './config.js';

export interface Agent {
  /** Resolves when the agent is at work, whether or not the store is there yet. */
  start(): Promise<void>;
  /** Resolves when what was read is appended; after 10 s at the latest, with a notice of what was not. */
  stop(): Promise<void>;
  /** Resolves when an agent that reads standard input alone is done, else after `stop`. Never rejects. */
  readonly finished: Promise<void>;
  stats(): AgentStats;
}

/** Throws a `UsageError` where a source includes `-` and no standard input is given. */
export function createAgent(settings: AgentSettings, dependencies: AgentDependencies): Agent {
  return new LogAgent(settings, dependencies);
}
