/** Shows on a terminal how a long catch-up of the agent gets on. Where stderr is no terminal it does nothing. */
import type { Writable } from 'node:stream';
import type { Agent } from '../agent/index.js';
import type { Logger } from '../shared/logger.js';
import { CatchUp } from './catch-up.js';
import { ProgressLine, type Terminal } from './progress-line.js';
import type { Shell } from './shell.js';

const LOOK_EVERY_MS = 500;

export class AgentProgress {
  readonly #line: ProgressLine | undefined;
  readonly #catchUp = new CatchUp();
  #timer: NodeJS.Timeout | undefined;

  constructor({ env, stderr }: Pick<Shell, 'env' | 'stderr'>) {
    this.#line = isTerminal(stderr) && env['TERM'] !== 'dumb' ? new ProgressLine(stderr) : undefined;
  }

  /** The logger to use in place of one that writes to stderr. */
  beside(logger: Logger): Logger {
    return this.#line?.beside(logger) ?? logger;
  }

  follow(agent: Pick<Agent, 'status'>): void {
    if (this.#line === undefined) return;
    this.#look(agent);
    this.#timer = setInterval(() => this.#look(agent), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#line?.show(undefined);
  }

  #look(agent: Pick<Agent, 'status'>): void {
    const { stats, unreadBytes, storeAway } = agent.status(0);
    const text = this.#catchUp.look({
      atMs: performance.now(),
      appendedBytes: Number(stats['bytes']),
      unreadBytes,
      isStoreAway: storeAway !== undefined,
    });
    this.#line?.show(text);
  }
}

function isTerminal(stream: Writable): stream is Writable & Terminal {
  return (stream as Writable & { readonly isTTY?: boolean }).isTTY === true;
}
