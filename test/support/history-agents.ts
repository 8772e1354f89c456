/** The agents of one history, one or two at a time on one store: they come, end, are killed, and say things. */
import { type Agent, agentConfig, createAgent } from '../../agent/index.js';
import type { AgentTimings } from '../../agent/timings.js';
import type { Fields, Logger, LogLevel } from '../../shared/logger.js';
import type { LogWriter } from '../../shared/store/log-store.js';
import { HOST, type Notice, TENANT } from './agent-stand.js';
import { FickleWriter, type Weather } from './fickle-writer.js';

export interface HistoryAgentsOptions {
  /** What the agents see of the store on a good day. */
  readonly writer: LogWriter;
  readonly weather: Weather;
  /** As in a configuration file. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly timings: Partial<AgentTimings>;
}

interface Running {
  readonly agent: Agent;
  readonly writer: FickleWriter;
}

export class HistoryAgents {
  readonly notices: Notice[] = [];
  readonly #options: HistoryAgentsOptions;
  readonly #running: Running[] = [];
  readonly #ending: Promise<void>[] = [];

  constructor(options: HistoryAgentsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.length;
  }

  async start(): Promise<void> {
    const { weather, source, timings } = this.#options;
    const writer = new FickleWriter(this.#options.writer, weather);
    const settings = agentConfig.parse({ tenant: TENANT, host: HOST, sources: [source] });
    const agent = createAgent(settings, { writer, logger: this.#logger, timings });
    this.#running.push({ agent, writer });
    await agent.start();
  }

  /** The one that has been there longest appends what it has read, if it can. */
  async stop(): Promise<void> {
    await this.#running.shift()?.agent.stop();
  }

  /** What is left of it in this process ends in the background: nothing of that reaches the store. */
  kill(): void {
    const victim = this.#running.shift();
    if (victim === undefined) return;
    victim.writer.kill();
    this.#ending.push(victim.agent.stop());
  }

  async stopAll(): Promise<void> {
    while (this.#running.length > 0) await this.stop();
    await Promise.all(this.#ending);
  }

  get #logger(): Logger {
    const at =
      (level: LogLevel) =>
      (message: string, fields: Fields = {}): void =>
        void this.notices.push({ level, message, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}
