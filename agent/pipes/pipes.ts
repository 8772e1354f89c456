/**
 * What an agent reads beside files: standard input, and commands. It makes a source of each, and knows when all
 * of them have ended.
 */
import type { Readable } from 'node:stream';
import { UsageError } from '../../shared/errors.js';
import { channelOf } from '../config/channel-template.js';
import type { AgentSettings } from '../config/config.js';
import { hasFiles } from '../config/reload.js';
import { pipeName, type SourceRule, STANDARD_INPUT } from '../config/source-rule.js';
import type { SessionContext } from '../sources/source-session.js';
import type { ReadPath } from '../status/lineage-status.js';
import type { Problem } from '../status/problems.js';
import type { ChildRun } from './child-run.js';
import { CommandSource, type RunOutput } from './command-source.js';
import { PipeSource, type PipeSourceOptions } from './pipe-source.js';

/**
 * By these codes the agent says that its own usage or configuration is wrong, and a supervisor does not start it
 * again. Those of a command mean something else, and are handed on as a mere failure.
 */
const OWN_CODES: ReadonlySet<number> = new Set([2, 78]);
const FAILURE = 1;

/** What is read beside files, as a status shows it. */
export interface PipeReading extends ReadPath {
  readonly unappendedBytes: number;
}

interface RuledCommand {
  readonly rule: SourceRule;
  readonly command: CommandSource;
}

export class Pipes {
  /** Resolves when all have ended and are appended; at once where there are none. */
  readonly finished: Promise<void>;
  readonly #context: SessionContext;
  readonly #settings: AgentSettings;
  readonly #killMs: number;
  readonly #standardInput: PipeSource | undefined;
  readonly #commands: readonly RuledCommand[];

  /** Throws a `UsageError` where a source includes `-` and no standard input is given. */
  constructor(
    context: SessionContext,
    settings: AgentSettings,
    { input, killMs }: { readonly input: Readable | undefined; readonly killMs: number },
  ) {
    this.#context = context;
    this.#killMs = killMs;
    this.#settings = settings;
    this.#standardInput = this.#newStandardInput(input);
    this.#commands = settings.sources.flatMap((rule) => this.#newCommand(rule));
    const all = [...this.#commands.map(({ command }) => command), this.#standardInput].map(
      (source) => source?.finished,
    );
    this.finished = Promise.all(all).then(() => {});
  }

  get sources(): readonly PipeReading[] {
    const input = this.#standardInput === undefined ? [] : [this.#standardInput];
    return [...input, ...this.#commands.flatMap((ruled) => this.#readingsOf(ruled))];
  }

  /** Of the commands the highest, as a shell has it; undefined where there are none, or files beside them. */
  get exitCode(): number | undefined {
    if (this.#commands.length === 0 || hasFiles(this.#settings)) return undefined;
    const highest = Math.max(...this.#commands.map(({ command }) => command.exitCode));
    return OWN_CODES.has(highest) ? FAILURE : highest;
  }

  start(): void {
    this.#standardInput?.start();
    for (const { command } of this.#commands) command.start();
  }

  signal(name: NodeJS.Signals): void {
    for (const { command } of this.#commands) command.signal(name);
  }

  stop(signal: NodeJS.Signals | undefined): void {
    this.#standardInput?.stop();
    for (const { command } of this.#commands) command.stop(signal);
  }

  #newStandardInput(stream: Readable | undefined): PipeSource | undefined {
    const rule = this.#settings.sources.find(({ include }) => include.includes(STANDARD_INPUT));
    if (rule === undefined) return undefined;
    if (stream === undefined) throw new UsageError('a source includes - but there is no standard input');
    const options = this.#optionsOf(rule);
    return new PipeSource(this.#context, { ...options, name: 'standard input', origin: '-' }, stream);
  }

  #newCommand(rule: SourceRule): RuledCommand[] {
    const { exec } = rule;
    if (exec === undefined) return [];
    const { logger } = this.#context;
    const pipeOf = (run: ChildRun, output: RunOutput) => this.#pipeOf(rule, run, output);
    const passesInput = this.#standardInput === undefined;
    const isAlone = this.#settings.sources.length === 1;
    const context = { logger, passesInput, isAlone, killMs: this.#killMs, pipeOf };
    return [{ rule, command: new CommandSource(context, exec) }];
  }

  /** A command that cannot be started has a row of its own, beside those of what it printed before. */
  #readingsOf({ rule, command: { pipes, problem } }: RuledCommand): readonly PipeReading[] {
    return problem === undefined ? pipes : [...pipes, this.#notStarted(rule, problem)];
  }

  #notStarted(rule: SourceRule, problem: Problem): PipeReading {
    const { channel } = this.#optionsOf(rule).id;
    const nothing = { isAtWork: false, seen: undefined, files: [], unappendedBytes: 0, wake: () => {} };
    return { path: pipeName(rule), channel, problem, ...nothing };
  }

  #pipeOf(rule: SourceRule, run: ChildRun, { stream, count, after }: RunOutput): PipeSource {
    const program = pipeName(rule);
    const options = this.#optionsOf(rule);
    const name = `${stream} of ${program}`;
    const labels = { ...rule.labels, stream };
    return new PipeSource(
      this.#context,
      { ...options, name, origin: program, run: count, labels, after },
      run[stream],
    );
  }

  #optionsOf(rule: SourceRule): Omit<PipeSourceOptions, 'name' | 'origin'> {
    const { tenant, host } = this.#settings;
    const { channel, labels, format } = rule;
    const id = { tenant, channel: channelOf(channel, `/${pipeName(rule)}`, host) };
    return { id, host, run: 1, labels, format };
  }
}
