/**
 * The port on which monitoring asks an agent for its metrics and whether it works. Where the port cannot be had
 * the agent works on without: lines matter more.
 */
import { messageOf } from '../../shared/errors.js';
import { type ListenAddress, urlHost } from '../../shared/listen-address.js';
import type { Logger } from '../../shared/logger.js';
import { AgentMetrics } from './agent-metrics.js';
import { ProbeServer } from './probe-server.js';
import { portRoutes } from './status-routes.js';
import type { Asked } from './status-shape.js';

export interface MetricsSettings {
  readonly listen: ListenAddress;
  /** How many files get series of their own. */
  readonly filesMax: number;
}

/** Undefined where the port cannot be had; the reason is told. */
export async function openMetricsPort(
  agent: Asked,
  { listen, filesMax }: MetricsSettings,
  logger: Logger,
): Promise<ProbeServer | undefined> {
  const server = new ProbeServer(portRoutes(agent, new AgentMetrics(agent, filesMax)));
  try {
    const address = await server.listen(listen);
    const port = typeof address === 'object' ? address?.port : undefined;
    logger.info(`metrics at http://${urlHost(listen.host)}:${port}/metrics`);
    return server;
  } catch (error) {
    await server.close();
    logger.error(`there are no metrics: ${messageOf(error)}; free the address or set another metrics.listen`);
    return undefined;
  }
}
