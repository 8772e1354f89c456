/** Lets a running agent be asked: by `tailrace agent status` on this host, and by monitoring on a port. */

import { NO_SOCKET } from '../agent/config/status-config.js';
import type { Agent } from '../agent/index.js';
import type { MetricsSettings } from '../agent/status/metrics-port.js';
import { runtimeDirectories } from '../agent/status/runtime-directory.js';
import { openStatusSocket } from '../agent/status/status-socket.js';
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
  const { openMetricsPort } = await import('../agent/status/metrics-port.js');
  await lifecycle.start(
    'metrics port',
    () => openMetricsPort(agent, metrics, logger),
    async (port) => port?.close(),
  );
}
