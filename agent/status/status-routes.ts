/** The questions that an agent answers, and to whom: everything to its own user, numbers to a port. */
import type { AgentMetrics } from './agent-metrics.js';
import { type Answer, plain, type Routes } from './probe-server.js';
import type { AgentStatus, Asked } from './status-shape.js';

/** Files that a status names where the question does not say. */
const FILES_DEFAULT = 100;

export function socketRoutes(agent: Asked): Routes {
  return { '/status': (query) => json(agent.status(filesMaxOf(query.get('files')))), ...probes(agent) };
}

export function portRoutes(agent: Asked, metrics: AgentMetrics): Routes {
  return {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, text: await metrics.text() }),
    ...probes(agent),
  };
}

/** The same two as a hub has. */
function probes(agent: Asked): Routes {
  return { '/livez': () => plain(200, 'alive'), '/readyz': () => readiness(agent.status(0)) };
}

function readiness({ storeAway, isAtWork }: AgentStatus): Answer {
  if (storeAway !== undefined) return plain(503, `not ready: the store is away: ${storeAway.message}`);
  return isAtWork ? plain(200, 'ready') : plain(503, 'not ready: the store was not asked yet what it has');
}

function filesMaxOf(text: string | null): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : FILES_DEFAULT;
}

function json(value: unknown): Answer {
  return { status: 200, type: 'application/json', text: `${JSON.stringify(value)}\n` };
}
