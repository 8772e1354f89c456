/** `tailrace hub`: serves the lines of a store to WebSocket clients. */
import { type HubConfig, hubConfig, hubSettings } from '../hub/config.js';
import { createHub } from '../hub/index.js';
import { editorSchema, type JsonSchema } from '../shared/config-schema.js';
import { ConfigError } from '../shared/errors.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Logger } from '../shared/logger.js';
import type { LogReader } from '../shared/store/log-store.js';
import { openRedisReader } from '../shared/store/redis/index.js';
import { openLocalStore } from './local-store.js';
import { isExposed, requireSecretFile } from './secret.js';
import { serve } from './serve.js';
import { resolveSettings, type Setting } from './settings.js';
import type { Shell } from './shell.js';

export interface HubFlags {
  readonly listen?: string;
  readonly redis?: string;
  readonly dataDir?: string;
  readonly secretFile?: string;
  readonly config?: string;
  readonly schema?: boolean;
}

export function hub(flags: HubFlags, shell: Shell): Promise<number> {
  const config = readConfig(flags, shell);
  const logger = shell.createLogger('tailrace hub');
  checkSecretFile(config.auth.secret_file, logger);
  const settings = hubSettings(config);
  return serve(shell, logger, async (lifecycle) => {
    const reader = await openReader(config, lifecycle, logger);
    const server = createHub(settings, { reader, logger });
    const { url } = await lifecycle.start(
      'hub',
      () => server.start(),
      () => server.stop(),
    );
    return { sentence: `ready at ${url}` };
  });
}

/** The schema of the configuration file, for editors. */
export function hubFileSchema(): JsonSchema {
  const keys = settingsOf({}).map(({ key }) => key);
  return editorSchema(hubConfig, 'The configuration file of tailrace hub', ['auth', ...keys]);
}

function readConfig(flags: HubFlags, { env }: Shell): HubConfig {
  return resolveSettings(hubConfig, { file: flags.config, env, settings: settingsOf(flags) });
}

function settingsOf(flags: HubFlags): Setting[] {
  return [
    { key: 'listen', flag: '--listen', value: flags.listen, env: 'TAILRACE_LISTEN' },
    { key: 'data_dir', flag: '--data-dir', value: flags.dataDir, replaces: 'redis' },
    {
      key: 'redis.url',
      flag: '--redis',
      value: flags.redis,
      // A data directory on the command line outweighs a Redis that the environment names.
      ...(flags.dataDir === undefined ? { env: 'TAILRACE_REDIS_URL' } : {}),
      ...(flags.dataDir === undefined ? { replaces: 'data_dir' } : {}),
    },
    {
      key: 'auth.secret_file',
      flag: '--secret-file',
      value: flags.secretFile,
      env: 'TAILRACE_SECRET_FILE',
    },
  ];
}

function checkSecretFile(file: string | undefined, logger: Logger): void {
  if (file === undefined) return;
  requireSecretFile(file);
  if (isExposed(file)) {
    logger.warn(`others than its owner may read ${file}, and so sign tokens: run \`chmod 600 ${file}\``);
  }
}

async function openReader(config: HubConfig, lifecycle: Lifecycle, logger: Logger): Promise<LogReader> {
  if (config.data_dir !== undefined) {
    const store = await openLocalStore(config.data_dir, lifecycle, logger);
    return store.reader;
  }
  if (config.redis === undefined) throw new ConfigError('needs either redis or data_dir');
  const options = { ...config.redis, logger };
  return lifecycle.start(
    'store',
    () => openRedisReader(options),
    (reader) => reader.close(),
  );
}
