/** Lets a running agent be asked: by `tailrace agent status` on this host, and by monitoring on a port. */
import type { Agent } from '../agent/index.js';
import type { MetricsSettings } from '../agent/metrics-port.js';
import { runtimeDirectories } from '../agent/runtime-directory.js';
import { NO_SOCKET } from '../agent/status-config.js';
import { openStatusSocket } from '../agent/status-socket.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Logger } from '../shared/logger.js';
import type { Shell } from './shell.js';

export interface ProbeSettings {
  readonly statusSocket?: string;
  readonly metrics?: MetricsSettings;
}

export async function openProbes(
  agent: Agent,
  { statusSocket: path, metrics }: ProbeSettings,
  { env, userId }: Pick<Shell, 'env' | 'userId'>,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<void> {
  if (path !== NO_SOCKET) {
    const where = path === undefined ? { directories: runtimeDirectories(env, userId) } : { path };
    await lifecycle.start(
      'status socket',
      () => openStatusSocket(agent, { where, userId, logger }),
      async (socket) => socket?.close(),
    );
  }
  if (metrics === undefined) return;
  // It comes with a library of two megabytes.
  const { openMetricsPort } = await import('../agent/metrics-port.js');
  await lifecycle.start(
    'metrics port',
    () => openMetricsPort(agent, metrics, logger),
    async (port) => port?.close(),
  );
}
