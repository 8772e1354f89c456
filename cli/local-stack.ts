/** Hub, agent and embedded store of one data directory in one process: what `tailrace start` starts. */
import { join } from 'node:path';
import { agentConfig } from '../agent/config/config.js';
import { createAgent } from '../agent/index.js';
import { type HubSettings, hubConfig, hubSettings } from '../hub/config.js';
import { createHub } from '../hub/index.js';
import { createToken } from '../hub/token.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Logger } from '../shared/logger.js';
import type { LogReader, LogWriter } from '../shared/store/log-store.js';
import { openLocalStore, storeDirectory } from './local-store.js';
import { provideSecret } from './secret.js';
import { resolveSettings } from './settings.js';

const TENANT = 'local';

export interface LocalStackOptions {
  readonly dataDirectory: string;
  readonly files: readonly string[];
  /** `host:port`; undefined for the default port of this host, or a free one where that is taken. */
  readonly listen: string | undefined;
  readonly channel: string;
  readonly readFrom: string | undefined;
}

export interface LocalStack {
  /** Of the hub's WebSocket. */
  readonly url: string;
  /** A token that may read and write all channels of this stack. */
  createToken(ttlMs: number): string;
}

/** Stopping is the caller's, through `lifecycle`, also when this rejects. */
export async function startLocalStack(
  options: LocalStackOptions,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<LocalStack> {
  const { dataDirectory } = options;
  const agentSettings = readAgentSettings(options);
  const store = await openLocalStore(dataDirectory, lifecycle, logger);
  const secretFile = join(dataDirectory, 'secret');
  const key = provideSecret(secretFile);
  const settings = readHubSettings(options, secretFile);
  const url = await startHub(settings, options.listen !== undefined, store.reader, lifecycle, logger);
  await startAgent(agentSettings, store.writer, lifecycle, logger);
  return {
    url,
    createToken: (ttlMs) =>
      createToken({ tenant: TENANT, subscribe: ['**'], publish: ['**'], ttlMs }, key, Date.now()),
  };
}

function readAgentSettings({ dataDirectory, files, channel, readFrom }: LocalStackOptions) {
  const settings = resolveSettings(agentConfig, {
    file: undefined,
    env: {},
    settings: [
      { key: 'tenant', flag: 'tenant', value: TENANT },
      { key: 'sources', flag: 'the files named:', value: [{ include: files }] },
      { key: 'sources.0.channel', flag: '--channel', value: channel },
      { key: 'sources.0.read_from', flag: '--read-from', value: readFrom },
    ],
  });
  return { ...settings, ownDirectories: [storeDirectory(dataDirectory)] };
}

function readHubSettings({ dataDirectory, listen }: LocalStackOptions, secretFile: string): HubSettings {
  const config = resolveSettings(hubConfig, {
    file: undefined,
    env: {},
    settings: [
      { key: 'listen', flag: '--listen', value: listen },
      { key: 'data_dir', flag: '--data-dir', value: dataDirectory },
      { key: 'auth.secret_file', flag: 'the secret', value: secretFile },
    ],
  });
  return hubSettings(config);
}

async function startHub(
  settings: HubSettings,
  isAddressGiven: boolean,
  reader: LogReader,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<string> {
  const hub = createHub(settings, { reader, logger });
  try {
    const { url } = await lifecycle.start(
      'hub',
      () => hub.start(),
      () => hub.stop(),
    );
    return url;
  } catch (error) {
    if (isAddressGiven || !isPortTaken(error)) throw error;
    const { host, port } = settings.listen;
    logger.warn(`port ${port} is in use by another program, taking a free one instead`);
    return startHub({ ...settings, listen: { host, port: 0 } }, true, reader, lifecycle, logger);
  }
}

async function startAgent(
  settings: ReturnType<typeof readAgentSettings>,
  writer: LogWriter,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<void> {
  const agent = createAgent(settings, { writer, logger });
  await lifecycle.start(
    'agent',
    () => agent.start(),
    () => agent.stop(),
  );
}

function isPortTaken(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === 'EADDRINUSE';
}
