/** `tailrace agent`: tails files into Redis. */
import { type AgentSettings, agentConfig, STANDARD_INPUT } from '../agent/config.js';
import { createAgent } from '../agent/index.js';
import { UsageError } from '../shared/errors.js';
import { openRedisWriter } from '../shared/store/redis/index.js';
import { serve } from './serve.js';
import { resolveSettings, type Setting } from './settings.js';
import type { Shell } from './shell.js';

export interface AgentFlags {
  readonly redis?: string;
  readonly tenant?: string;
  readonly host?: string;
  readonly channel?: string;
  readonly readFrom?: string;
  readonly config?: string;
}

export function agent(files: string[], flags: AgentFlags, shell: Shell): Promise<number> {
  const settings = readSettings(files, flags, shell);
  const { redis } = settings;
  if (redis === undefined) {
    throw new UsageError('--redis is missing (or TAILRACE_REDIS_URL, or `redis.url` in the --config file)');
  }
  const logger = shell.createLogger('tailrace agent');
  return serve(shell, logger, async (lifecycle) => {
    const writer = await lifecycle.start(
      'store',
      () => openRedisWriter({ ...redis, retention: settings.retention, logger }),
      (opened) => opened.close(),
    );
    const running = createAgent(settings, { writer, logger, standardInput: shell.stdin });
    await lifecycle.start(
      'agent',
      () => running.start(),
      () => running.stop(),
    );
    return { sentence: `ready: ${inWords(settings)}`, finished: running.finished };
  });
}

function readSettings(files: string[], flags: AgentFlags, { env }: Shell): AgentSettings {
  return resolveSettings(agentConfig, {
    file: flags.config,
    env,
    settings: [
      { key: 'redis.url', flag: '--redis', value: flags.redis, env: 'TAILRACE_REDIS_URL' },
      { key: 'tenant', flag: '--tenant', value: flags.tenant, env: 'TAILRACE_TENANT' },
      { key: 'host', flag: '--host', value: flags.host, env: 'TAILRACE_HOST' },
      ...sourceSettings(files, flags),
    ],
  });
}

/** Files on the command line take the place of all sources of the configuration file. */
function sourceSettings(files: string[], { channel, readFrom }: AgentFlags): Setting[] {
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

function inWords({ tenant, sources }: AgentSettings): string {
  const includes = sources.flatMap(({ include }) => include);
  const names = includes.map((include) => (include === STANDARD_INPUT ? 'standard input' : include));
  return `tailing ${names.join(', ')} for tenant ${tenant}`;
}
