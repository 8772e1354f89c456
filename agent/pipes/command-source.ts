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
import type { Problem } from '../status/problems.js';
import { ChildRun, CommandNotStarted, type RunEnd } from './child-run.js';
import type { PipeSource } from './pipe-source.js';

/** Between two runs, and between two tries to start one; a run that lasted begins the count anew. */
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
  /** Whether the agent reads nothing else, and so ends with the command. */
  readonly isAlone: boolean;
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
  /** Counts the runs. */
  #count = 0;
  #exitCode = NOT_RUN;
  #end: RunEnd | undefined;
  #problem: Problem | undefined;
  #isProblemTold = false;

  constructor(context: CommandContext, rule: CommandRule) {
    this.#context = context;
    this.#rule = rule;
    this.finished = this.#finished.promise;
  }

  get pipes(): readonly PipeSource[] {
    return this.#pipes;
  }

  /** Why the command cannot be started; undefined where it runs, or ran. */
  get problem(): Problem | undefined {
    return this.#problem;
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
    for (let attempt = 0; !this.#stopping.signal.aborted; ) {
      const beganAtMs = performance.now();
      const run = await this.#started();
      if (run !== undefined) earlier = (await this.#follow(run, earlier)).appended;
      if (performance.now() - beganAtMs >= LASTED_MS) attempt = 0;
      const delayMs = this.#isToRunAgain() ? backoffDelay(attempt++, BACKOFF) : undefined;
      if (run === undefined) this.#tellNotStarted(delayMs !== undefined);
      else this.#tellEnd(delayMs);
      if (delayMs === undefined) break;
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    await earlier;
  }

  async #started(): Promise<ChildRun | undefined> {
    const [program] = this.#rule.command;
    try {
      const run = await ChildRun.start(this.#rule.command, this.#context.passesInput, (error) =>
        this.#context.logger.warn(`${program} cannot be told to end: ${messageOf(error)}; end it by hand`),
      );
      this.#run = run;
      this.#context.logger.debug(`${program} runs as process ${run.pid}`);
      if (this.#stopping.signal.aborted) run.stop(this.#stopSignal, this.#context.killMs);
      return run;
    } catch (error) {
      this.#exitCode = error instanceof CommandNotStarted ? error.exitCode : NOT_RUN;
      this.#keepProblem(messageOf(error));
      return undefined;
    }
  }

  /** One run up to its end. Its lines wait for those of the earlier run. */
  async #follow(run: ChildRun, after: Promise<void>): Promise<{ readonly appended: Promise<void> }> {
    const count = ++this.#count;
    const pipes = (['stdout', 'stderr'] as const).map((stream) =>
      this.#context.pipeOf(run, { stream, count, after }),
    );
    this.#pipes = [...this.#pipes.filter(({ unappendedBytes }) => unappendedBytes > 0), ...pipes];
    // At once: what nobody listens to is thrown away when the command ends.
    for (const pipe of pipes) pipe.start();
    this.#endProblem();
    const appended = Promise.all(pipes.map((pipe) => pipe.finished)).then(() => {});
    this.#end = await run.ended;
    this.#exitCode = this.#end.exitCode;
    this.#run = undefined;
    for (const pipe of pipes) void pipe.endSoon().then((wasLeft) => wasLeft && this.#tellLeft(pipe));
    // A third run is not begun while a first one waits for the store: nothing piles up.
    await after;
    return { appended };
  }

  /** A program that is away for a moment, as while it is upgraded, comes back. One that never was is a mistake. */
  #isToRunAgain(): boolean {
    const { restart } = this.#rule;
    const isWanted = restart === 'always' || (restart === 'on-failure' && this.#exitCode !== 0);
    const isMistake = this.#count === 0 && this.#context.isAlone;
    return isWanted && !isMistake && !this.#stopping.signal.aborted;
  }

  #keepProblem(message: string): void {
    if (this.#problem?.message === message) return;
    this.#problem = { message, atMs: Date.now(), isOver: false };
    this.#isProblemTold = false;
  }

  #tellNotStarted(isTriedAgain: boolean): void {
    const { message = '' } = this.#problem ?? {};
    const next = isTriedAgain ? '; it is tried again until it can be' : '';
    if (this.#isProblemTold) this.#context.logger.debug(message);
    else this.#context.logger.error(message + next, { command: this.#rule.command[0] });
    this.#isProblemTold = true;
  }

  #endProblem(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#context.logger.info(`${this.#rule.command[0]} could be started now and runs`);
  }

  /** A command that was told to end and did is no news. */
  #tellEnd(delayMs: number | undefined): void {
    const { exitCode = NOT_RUN, signal } = this.#end ?? {};
    const isFailure = exitCode !== 0 && (!this.#stopping.signal.aborted || signal === 'SIGKILL');
    if (delayMs === undefined && !isFailure) return;
    const [program = ''] = this.#rule.command;
    const how = signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
    const next = delayMs === undefined ? 'it is not started again' : `it is started again in ${delayMs} ms`;
    this.#context.logger.warn(`${basename(program)} ${how}; ${next}`, { command: program, exitCode });
  }

  #tellLeft({ path }: PipeSource): void {
    this.#context.logger.warn(
      `${path}: the command has ended, and something that it left behind still holds this open; it is not read any more`,
    );
  }
}
