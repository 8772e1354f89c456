/**
 * An agent on real files and a real store of the test's own, and what arrived: each channel's lines with
 * their seq, checked to be dense. Everything goes when the test ends.
 */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type Agent, agentConfig, createAgent } from '../../agent/index.js';
import type { AgentTimings } from '../../agent/timings.js';
import { StoreError } from '../../shared/errors.js';
import type { Fields, Logger, LogLevel } from '../../shared/logger.js';
import { VOID_POSITION } from '../../shared/protocol/cursor.js';
import { openEmbeddedStore } from '../../shared/store/embedded/index.js';
import type { LogReader, LogStore, LogWriter } from '../../shared/store/log-store.js';
import { checkedJson } from '../../shared/store/payload.js';
import { temporaryDirectory } from './temporary.js';
import { waitFor } from './wait.js';

export const TENANT = 'acme';
export const HOST = 'web';

/** Waits are short, so that a test does not sit through them; nothing depends on how short. */
const TIMINGS: Partial<AgentTimings> = { sweepMs: 50, lingerMs: 150, trimMs: 1_000 };

const PAGE_BYTES = 8 * 1024 * 1024;

export interface Notice {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Fields;
}

export interface StandAgentOptions {
  /** As in a configuration file; default: every `*.log` of the directory. */
  readonly sources?: readonly Record<string, unknown>[];
  readonly config?: Record<string, unknown>;
  readonly timings?: Partial<AgentTimings>;
  readonly writer?: LogWriter;
  readonly standardInput?: Readable;
  readonly ownDirectories?: readonly string[];
}

export class AgentStand {
  /** Of the files. */
  readonly directory: string;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly notices: Notice[] = [];

  constructor(directory: string, store: LogStore) {
    this.directory = directory;
    this.writer = store.writer;
    this.reader = store.reader;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async start(options: StandAgentOptions = {}): Promise<Agent> {
    const { sources = [{ include: [this.path('*.log')] }], config = {}, timings, standardInput } = options;
    const { ownDirectories = [] } = options;
    const settings = agentConfig.parse({ tenant: TENANT, host: HOST, sources, ...config });
    const agent = createAgent(
      { ...settings, ownDirectories },
      {
        writer: options.writer ?? this.writer,
        logger: this.logger,
        ...(standardInput !== undefined && { standardInput }),
        timings: { ...TIMINGS, ...timings },
      },
    );
    onTestFinished(() => agent.stop());
    await agent.start();
    return agent;
  }

  get logger(): Logger {
    const at =
      (level: LogLevel) =>
      (message: string, fields: Fields = {}): void =>
        void this.notices.push({ level, message, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** Every line of a channel, in order; throws where the seqs are not dense from 1. */
  async lines(channel = `${HOST}/app.log`): Promise<string[]> {
    const lines: string[] = [];
    let after = VOID_POSITION;
    for (;;) {
      const { view, batches } = await this.reader.read({ tenant: TENANT, channel }, after, PAGE_BYTES);
      for (const { seq, lines: count, encoding, payload, entry } of batches) {
        if (seq !== lines.length + 1) throw new Error(`seq ${seq} follows ${lines.length} lines`);
        for (const line of JSON.parse(checkedJson(encoding, payload, count).toString()) as string[])
          lines.push(line);
        after = { epoch: view.epoch, entry, seq: seq + count };
      }
      if (batches.length === 0) return lines;
    }
  }

  /** Waits until a channel has at least so many lines, over an outage too, and returns all it has. */
  async linesOnce(count: number, channel?: string): Promise<string[]> {
    return waitFor(`${count} lines`, async () => {
      const lines = await this.lines(channel).catch(noneIfAway);
      return lines.length >= count && lines;
    });
  }

  async noticeOnce(text: RegExp): Promise<Notice> {
    return waitFor(`a notice like ${text}`, () => this.notices.find(({ message }) => text.test(message)));
  }
}

/** `retainedBytes`: of payload that a channel keeps; the newest batch always stays. */
export async function agentStand(retainedBytes = 2 ** 30): Promise<AgentStand> {
  const storeDirectory = await temporaryDirectory();
  const store = await openEmbeddedStore({
    directory: join(storeDirectory, 'store'),
    retention: { bytes: retainedBytes, ageMs: 2 ** 40 },
  });
  onTestFinished(() => store.close());
  return new AgentStand(await temporaryDirectory(), store);
}

function noneIfAway(error: unknown): string[] {
  if (error instanceof StoreError && error.retryable) return [];
  throw error;
}

/** `line 1` to `line n`. */
export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
}

export function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
