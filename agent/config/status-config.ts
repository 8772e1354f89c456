/** What an operator may set about the questions that an agent answers: its status socket and its metrics port. */
import { z } from 'zod';
import { isLoopback, listenAddress } from '../../shared/listen-address.js';
import type { MetricsSettings } from '../status/metrics-port.js';

/** No socket is wanted. */
export const NO_SOCKET = 'off';

const METRIC_FILES_MAX = 1_000;

export const statusSocket = z
  .string()
  .min(1)
  .optional()
  .describe(
    'The Unix socket that `tailrace agent status` asks, or off. Default: one in the runtime directory of the service or user.',
  );

export const metrics = z
  .strictObject({
    listen: listenAddress.describe('host:port of /metrics, /livez and /readyz.'),
    allow_remote: z
      .boolean()
      .default(false)
      .describe('Whether other hosts may reach the port: there is no password.'),
    files_max: z
      .int()
      .min(0)
      .max(METRIC_FILES_MAX)
      .default(0)
      .describe('How many files get series of their own, those with most unread bytes first.'),
  })
  .refine(({ listen, allow_remote }) => allow_remote || isLoopback(listen.host), {
    error:
      'must be a loopback address such as 127.0.0.1:9464, unless metrics.allow_remote is true in the --config file',
    path: ['listen'],
  })
  .transform(({ listen, files_max }): MetricsSettings => ({ listen, filesMax: files_max }));
