/** Where the settings of `tailrace agent` come from: flags, the environment, and its configuration file. */
import { type RemoteAgentSettings, remoteAgentConfig } from '../agent/config/config.js';
import { editorSchema, type JsonSchema } from '../shared/config-schema.js';
import { UsageError } from '../shared/errors.js';
import { resolveSettings, type Setting } from './settings.js';
import type { Shell } from './shell.js';

export interface AgentFlags {
  readonly redis?: string;
  readonly tenant?: string;
  readonly host?: string;
  readonly channel?: string;
  readonly readFrom?: string;
  readonly config?: string;
  readonly metrics?: string;
  readonly check?: boolean;
  readonly schema?: boolean;
  /** The words that would name files are a command. */
  readonly exec?: boolean;
  readonly restart?: string;
}

export function readAgentSettings(files: string[], flags: AgentFlags, { env }: Shell): RemoteAgentSettings {
  return resolveSettings(remoteAgentConfig, { file: flags.config, env, settings: settingsOf(files, flags) });
}

/** The schema of the configuration file, for editors. */
export function agentFileSchema(): JsonSchema {
  const keys = settingsOf([], {}).map(({ key }) => key);
  return editorSchema(remoteAgentConfig, 'The configuration file of tailrace agent', ['redis', ...keys]);
}

function settingsOf(files: string[], flags: AgentFlags): Setting[] {
  return [
    { key: 'redis.url', flag: '--redis', value: flags.redis, env: 'TAILRACE_REDIS_URL' },
    { key: 'tenant', flag: '--tenant', value: flags.tenant, env: 'TAILRACE_TENANT' },
    { key: 'host', flag: '--host', value: flags.host, env: 'TAILRACE_HOST' },
    { key: 'metrics.listen', flag: '--metrics', value: flags.metrics },
    ...sourceSettings(files, flags),
  ];
}

/** Files, or a command, on the command line take the place of all sources of the configuration file. */
function sourceSettings(files: string[], flags: AgentFlags): Setting[] {
  const { channel, readFrom } = flags;
  if (flags.exec) return commandSettings(files, flags);
  if (flags.restart !== undefined)
    throw new UsageError('--restart belongs to --exec: name a command by that');
  if (files.length > 0) {
    return [
      { key: 'sources', flag: 'the files named:', value: [{ include: files }] },
      { key: 'sources.0.channel', flag: '--channel', value: channel },
      { key: 'sources.0.read_from', flag: '--read-from', value: readFrom },
    ];
  }
  if (channel === undefined && readFrom === undefined)
    return [{ key: 'sources', flag: 'a file, directory or glob' }];
  throw new UsageError('--channel and --read-from belong to files named on the command line: name some');
}

function commandSettings(command: string[], { channel, readFrom, restart }: AgentFlags): Setting[] {
  if (readFrom !== undefined) throw new UsageError('--read-from belongs to files, and --exec names none');
  return [
    { key: 'sources', flag: '--exec', value: [{ exec: { command } }] },
    { key: 'sources.0.channel', flag: '--channel', value: channel },
    { key: 'sources.0.exec.restart', flag: '--restart', value: restart },
  ];
}
