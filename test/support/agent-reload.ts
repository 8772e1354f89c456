/** Settings as a reload brings them, with the tenant and host of an agent stand. */
import { type AgentSettings, agentConfig } from '../../agent/index.js';
import { HOST, TENANT } from './agent-stand.js';

type Keys = Readonly<Record<string, unknown>>;

/** `sources` and `others` as in a configuration file. */
export function settings(sources: readonly Keys[], others: Keys = {}): AgentSettings {
  return agentConfig.parse({ tenant: TENANT, host: HOST, sources, ...others });
}
