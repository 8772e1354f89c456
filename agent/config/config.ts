/**
 * The agent's configuration: what users write (snake_case, strict, sizes and durations with units) and the
 * settings that the agent runs by. Every bound that an operator may change is here with its default.
 */
import { hostname } from 'node:os';
import { z } from 'zod';
import { byteSize, duration } from '../../shared/config.js';
import { type RedisSettings, redisConfig } from '../../shared/config-redis.js';
import { isTenant } from '../../shared/protocol/channel.js';
import { LINE_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { Retention } from '../../shared/store/log-store.js';
import type { MetricsSettings } from '../status/metrics-port.js';
import { redact } from './redact-config.js';
import { checkStandardInput, lineBytes, type SourceRule, sourceConfig, sourceRule } from './source-rule.js';
import { metrics, statusSocket } from './status-config.js';

const GIB = 2 ** 30;

export interface AgentSettings {
  readonly tenant: string;
  readonly host: string;
  readonly sources: readonly SourceRule[];
  readonly openFilesMax: number;
  readonly retention: Retention;
  /** Absent where the agent shares a store with the hub in its process. */
  readonly redis?: RedisSettings;
  /** The path of the socket for `tailrace agent status`, or `off`; absent for one in the usual place. */
  readonly statusSocket?: string;
  readonly metrics?: MetricsSettings;
  /** Directories that are never tailed: the program's own, so that it does not feed itself. */
  readonly ownDirectories?: readonly string[];
}

const retention = z
  .strictObject({
    bytes: byteSize.default(GIB).describe('Stored (compressed) bytes that a channel keeps.'),
    age: duration.prefault('7d').describe('How long a channel keeps a line.'),
  })
  .transform(({ bytes, age }): Retention => ({ bytes, ageMs: age }));

const redis = redisConfig.describe('The Redis to append to.');

const keys = z.strictObject({
  tenant: z
    .string()
    .refine(isTenant, 'must be a-z 0-9 - and begin with a letter or digit, at most 63')
    .describe('Whose channels.'),
  host: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The name of this machine; another name makes every file a new one. Default: the hostname.'),
  redis: redis.optional(),
  sources: z
    .array(sourceConfig)
    .min(1, 'must have at least one entry')
    .superRefine(checkStandardInput)
    .describe('Which files are tailed, and how.'),
  redact: redact.describe('As in a source, for all of them; its rules come before those of a source.'),
  max_line_bytes: lineBytes.default(LINE_BYTES_MAX).describe('A longer line loses its end and is flagged.'),
  open_files_max: z
    .int()
    .min(16)
    .default(512)
    .describe('Files held open at once; quiet ones beyond it are closed and opened again when they grow.'),
  retention: retention.prefault({}).describe('What a channel keeps.'),
  status_socket: statusSocket,
  metrics: metrics.optional().describe('Metrics for Prometheus.'),
});

/** What a configuration file holds; parsing it gives `AgentSettings`. */
export const agentConfig = keys.transform(settingsOf);

/** An agent that is a process of its own: it has a store to reach. */
export type RemoteAgentSettings = AgentSettings & Required<Pick<AgentSettings, 'redis'>>;

export const remoteAgentConfig = keys
  .extend({ redis })
  .transform((config): RemoteAgentSettings => ({ ...settingsOf(config), redis: config.redis }));

function settingsOf(config: z.output<typeof keys>): AgentSettings {
  return {
    tenant: config.tenant,
    host: config.host ?? hostname(),
    sources: config.sources.map((source) =>
      sourceRule(source, { lineBytesMax: config.max_line_bytes, redact: config.redact }),
    ),
    openFilesMax: config.open_files_max,
    retention: config.retention,
    ...(config.redis !== undefined && { redis: config.redis }),
    ...(config.status_socket !== undefined && { statusSocket: config.status_socket }),
    ...(config.metrics !== undefined && { metrics: config.metrics }),
  };
}
