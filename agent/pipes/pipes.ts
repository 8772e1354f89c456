/**
 * What an agent reads beside files: standard input, and commands. It makes a source of each, and knows when all
 * of them have ended.
 */
import type { Readable } from 'node:stream';
import { UsageError } from '../../shared/errors.js';
import { channelOf } from '../config/channel-template.js';
import type { AgentSettings } from '../config/config.js';
import { pipeName, type SourceRule, STANDARD_INPUT } from '../config/source-rule.js';
import type { SessionContext } from '../sources/source-session.js';
import type { ChildRun } from './child-run.js';
import { CommandSource, type RunOutput } from './command-source.js';
import { PipeSource, type PipeSourceOptions } from './pipe-source.js';

export class Pipes {
  /** Resolves when all have ended and are appended; at once where there are none. */
  readonly finished: Promise<void>;
  readonly #context: SessionContext;
  readonly #settings: AgentSettings;
  readonly #killMs: number;
  readonly #standardInput: PipeSource | undefined;
  readonly #commands: readonly CommandSource[];

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
    const all = [...this.#commands, this.#standardInput].map((source) => source?.finished);
    this.finished = Promise.all(all).then(() => {});
  }

  get sources(): readonly PipeSource[] {
    const input = this.#standardInput === undefined ? [] : [this.#standardInput];
    return [...input, ...this.#commands.flatMap(({ pipes }) => pipes)];
  }

  /** Of the commands the highest, as a shell has it; undefined where there are none. */
  get exitCode(): number | undefined {
    return this.#commands.reduce<number | undefined>(
      (highest, { exitCode }) => Math.max(highest ?? 0, exitCode),
      undefined,
    );
  }

  start(): void {
    this.#standardInput?.start();
    for (const command of this.#commands) command.start();
  }

  signal(name: NodeJS.Signals): void {
    for (const command of this.#commands) command.signal(name);
  }

  stop(signal: NodeJS.Signals | undefined): void {
    this.#standardInput?.stop();
    for (const command of this.#commands) command.stop(signal);
  }

  #newStandardInput(stream: Readable | undefined): PipeSource | undefined {
    const rule = this.#settings.sources.find(({ include }) => include.includes(STANDARD_INPUT));
    if (rule === undefined) return undefined;
    if (stream === undefined) throw new UsageError('a source includes - but there is no standard input');
    const options = this.#optionsOf(rule);
    return new PipeSource(this.#context, { ...options, name: 'standard input', origin: '-' }, stream);
  }

  #newCommand(rule: SourceRule): CommandSource[] {
    const { exec } = rule;
    if (exec === undefined) return [];
    const { logger } = this.#context;
    const pipeOf = (run: ChildRun, output: RunOutput) => this.#pipeOf(rule, run, output);
    const passesInput = this.#standardInput === undefined;
    return [new CommandSource({ logger, passesInput, killMs: this.#killMs, pipeOf }, exec)];
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
