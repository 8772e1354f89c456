/**
 * A command whose standard output and standard error are read, line by line, into one channel; started again
 * as its rule says. The lines of a run come before those of the next one. How the two outputs of a run are
 * interleaved nobody can know: each is a source of its own, told apart by the label `stream`.
 */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffDelay } from '../../shared/backoff.js';
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { withResolvers } from '../../shared/with-resolvers.js';
import type { CommandRule } from '../config/command-rule.js';
import { ChildRun, CommandNotStarted } from './child-run.js';
import type { PipeSource } from './pipe-source.js';

/** Between two runs; a run that lasted begins the count anew. */
const BACKOFF: Backoff = { baseMs: 1_000, capMs: 30_000 };
const LASTED_MS = 60_000;

/** Of an agent that was told to end before its command was started. */
const NOT_RUN = 1;

export type StreamName = 'stdout' | 'stderr';

export interface RunOutput {
  readonly stream: StreamName;
  /** Counts the runs, from 1. */
  readonly count: number;
  /** Its lines come after those of the run before it. */
  readonly after: Promise<void>;
}

export interface CommandContext {
  readonly logger: Logger;
  /** Whether commands may read the standard input of this process. */
  readonly passesInput: boolean;
  /** How long a command may take to end after it was told to, before it is killed. In milliseconds. */
  readonly killMs: number;
  /** A source for what one run prints. */
  pipeOf(run: ChildRun, output: RunOutput): PipeSource;
}

export class CommandSource {
  /** Resolves when the command has ended for good and all it printed is appended. */
  readonly finished: Promise<void>;
  readonly #context: CommandContext;
  readonly #rule: CommandRule;
  readonly #stopping = new AbortController();
  readonly #finished = withResolvers();
  #stopSignal: NodeJS.Signals | undefined;
  #run: ChildRun | undefined;
  /** Of this run and of the one before it, if that is not all appended. */
  #pipes: readonly PipeSource[] = [];
  #exitCode = NOT_RUN;

  constructor(context: CommandContext, rule: CommandRule) {
    this.#context = context;
    this.#rule = rule;
    this.finished = this.#finished.promise;
  }

  get pipes(): readonly PipeSource[] {
    return this.#pipes;
  }

  /** Of the last run, as a shell has it. */
  get exitCode(): number {
    return this.#exitCode;
  }

  start(): void {
    void this.#runs().finally(() => this.#finished.resolve());
  }

  signal(name: NodeJS.Signals): void {
    this.#run?.signal(name);
  }

  /** The command is asked to end; what it prints until then is still read. */
  stop(signal: NodeJS.Signals | undefined): void {
    this.#stopSignal = signal;
    this.#stopping.abort();
    this.#run?.stop(signal, this.#context.killMs);
  }

  async #runs(): Promise<void> {
    let earlier: Promise<void> = Promise.resolve();
    let attempt = 0;
    for (let count = 1; !this.#stopping.signal.aborted; count++) {
      const beganAtMs = performance.now();
      const output = await this.#runOnce(count, earlier);
      if (output === undefined || !this.#isToRunAgain()) return output?.appended;
      earlier = output.appended;
      if (performance.now() - beganAtMs >= LASTED_MS) attempt = 0;
      await this.#pause(backoffDelay(attempt++, BACKOFF));
    }
    await earlier;
  }

  /** One run up to its end. Its lines wait for those of the earlier run; undefined where it did not start. */
  async #runOnce(
    count: number,
    after: Promise<void>,
  ): Promise<{ readonly appended: Promise<void> } | undefined> {
    const run = await this.#started();
    if (run === undefined) return undefined;
    const pipes = (['stdout', 'stderr'] as const).map((stream) =>
      this.#context.pipeOf(run, { stream, count, after }),
    );
    this.#pipes = [...this.#pipes.filter(({ unappendedBytes }) => unappendedBytes > 0), ...pipes];
    // At once: what nobody listens to is thrown away when the command ends.
    for (const pipe of pipes) pipe.start();
    const appended = Promise.all(pipes.map((pipe) => pipe.finished)).then(() => {});
    this.#exitCode = await run.ended;
    this.#run = undefined;
    for (const pipe of pipes) void pipe.endSoon().then((wasLeft) => wasLeft && this.#tellLeft(pipe));
    // A third run is not begun while a first one waits for the store: nothing piles up.
    await after;
    return { appended };
  }

  async #started(): Promise<ChildRun | undefined> {
    try {
      const run = await ChildRun.start(this.#rule.command, this.#context.passesInput);
      this.#run = run;
      this.#context.logger.debug(`${this.#rule.command[0]} runs as process ${run.pid}`);
      if (this.#stopping.signal.aborted) run.stop(this.#stopSignal, this.#context.killMs);
      return run;
    } catch (error) {
      this.#exitCode = error instanceof CommandNotStarted ? error.exitCode : NOT_RUN;
      this.#context.logger.error(messageOf(error));
      return undefined;
    }
  }

  #isToRunAgain(): boolean {
    const { restart } = this.#rule;
    const isWanted = restart === 'always' || (restart === 'on-failure' && this.#exitCode !== 0);
    return isWanted && !this.#stopping.signal.aborted;
  }

  async #pause(delayMs: number): Promise<void> {
    const { logger } = this.#context;
    const [program = ''] = this.#rule.command;
    logger.warn(
      `${basename(program)} ended with exit code ${this.#exitCode}; it is started again in ${delayMs} ms`,
      { command: program, exitCode: this.#exitCode },
    );
    await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #tellLeft({ path }: PipeSource): void {
    this.#context.logger.warn(
      `${path}: the command has ended, and something that it left behind still holds this open; it is not read any more`,
    );
  }
}
