/**
 * A hub under test with its surroundings: a store, tokens, and a source that appends numbered lines. Each rig
 * has a tenant of its own, so that many share one Redis.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { HubLimits, HubTimeouts } from '../../hub/config.js';
import { createHub, createToken, defaultHubSettings, type Hub, secretKey } from '../../hub/index.js';
import { type Logger, SILENT } from '../../shared/logger.js';
import type { LogReader, LogWriter } from '../../shared/store/log-store.js';
import { encodePayload } from '../../shared/store/payload.js';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { connectHub, type HubClient, type HubClientOptions } from './hub-client.js';

export const KEY = secretKey(Buffer.from('0123456789abcdef0123456789abcdef'), 'test');
const HOUR_MS = 3_600_000;

export interface RigOptions {
  readonly redisUrl: string;
  readonly limits?: Partial<HubLimits>;
  readonly timeouts?: Partial<HubTimeouts>;
  readonly allowedOrigins?: readonly string[];
  readonly retentionBytes?: number;
  readonly logger?: Logger;
  /** Takes the place of the reader, given the real one. */
  readonly wrapReader?: (reader: LogReader) => LogReader;
}

export class HubRig {
  readonly tenant = `t-${randomBytes(6).toString('hex')}`;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly hub: Hub;
  url = '';
  readonly #offsets = new Map<string, number>();

  constructor(options: RigOptions) {
    const { redisUrl, retentionBytes = 1e9 } = options;
    this.writer = openRedisWriter({ url: redisUrl, retention: { bytes: retentionBytes, ageMs: HOUR_MS } });
    const reader = openRedisReader({ url: redisUrl });
    this.reader = options.wrapReader?.(reader) ?? reader;
    this.hub = createHub(settingsOf(options), { reader: this.reader, logger: options.logger ?? SILENT });
  }

  async start(): Promise<void> {
    this.url = (await this.hub.start()).url;
  }

  async stop(): Promise<void> {
    await this.hub.stop();
    await Promise.all([this.writer.close(), this.reader.close()]);
  }

  token(rights: { subscribe?: string[]; tenant?: string; ttlMs?: number } = {}): string {
    const { subscribe = ['**'], tenant = this.tenant, ttlMs = HOUR_MS } = rights;
    return createToken({ tenant, subscribe, ttlMs }, KEY, Date.now());
  }

  /** A connection that is ready. */
  async client(options: HubClientOptions = {}): Promise<HubClient> {
    const client = await connectHub(this.url, { token: this.token(), ...options });
    await client.next('ready');
    return client;
  }

  /** Appends lines as one batch and returns the number of the first. */
  async append(channel: string, lines: readonly string[], { tenant = this.tenant } = {}): Promise<number> {
    const json = Buffer.from(JSON.stringify(lines));
    return this.appendPayload(channel, lines.length, await encodePayload(json), tenant);
  }

  async appendPayload(
    channel: string,
    lines: number,
    payload: Awaited<ReturnType<typeof encodePayload>>,
    tenant = this.tenant,
  ): Promise<number> {
    const id = { tenant, channel };
    const from = await this.#open(id);
    const to = from + lines;
    const batch = { source: 's1', from, to, lines, cut: [], ...payload };
    const outcome = await this.writer.append(id, batch, '');
    if (outcome.kind !== 'appended') throw new Error(`append: ${outcome.kind}`);
    this.#offsets.set(`${tenant}/${channel}`, to);
    return outcome.seq;
  }

  /** What the hub's own HTTP side answers. */
  http(path: string): Promise<Response> {
    return fetch(new URL(path, this.url.replace('ws:', 'http:')));
  }

  /** A value of /metrics, by its name without prefix and with its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await this.http('/metrics')).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`tailrace_hub_${name} `));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  }

  /** What the store says of the sources holds again, as for an agent that starts anew. */
  forgetSources(): void {
    this.#offsets.clear();
  }

  /** The keys of a channel as they are, to put them back: a store that lost what was acknowledged since. */
  async snapshot(channel: string, redisUrl: string): Promise<{ restore(): Promise<void> }> {
    const redis = new Redis(redisUrl);
    const keys = await redis.keys(`*{${this.tenant}/${channel}}*`);
    const dumps = await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const));
    const restore = async () => {
      const commands = dumps.map(([key, dump]) => ['restore', key, '0', dump as Buffer, 'replace']);
      await redis.multi(commands as unknown[][]).exec();
      redis.disconnect();
    };
    onTestFinished(() => redis.disconnect());
    return { restore };
  }

  async #open(id: { tenant: string; channel: string }): Promise<number> {
    const known = this.#offsets.get(`${id.tenant}/${id.channel}`);
    if (known !== undefined) return known;
    const description = {
      host: 'h1',
      path: '/var/log/x',
      device: '1',
      inode: '2',
      generation: 1,
      labels: { env: 'test' },
    };
    return (await this.writer.openSource(id, 's1', description, { offset: 0, mark: '' })).offset;
  }
}

export async function startHubRig(options: RigOptions): Promise<HubRig> {
  const rig = new HubRig(options);
  await rig.start();
  onTestFinished(() => rig.stop());
  return rig;
}

/** Lines `<prefix>1` to `<prefix>n`. */
export function numbered(prefix: string, count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
}

function settingsOf({ limits, timeouts, allowedOrigins = [] }: RigOptions) {
  const settings = defaultHubSettings({ host: '127.0.0.1', port: 0 }, [KEY]);
  return {
    ...settings,
    allowedOrigins,
    limits: { ...settings.limits, ...limits },
    timeouts: { ...settings.timeouts, ...timeouts },
  };
}
