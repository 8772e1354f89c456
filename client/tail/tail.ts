/**
 * `tailrace tail`: subscribes, prints, keeps cursors. It parses no flags, reads no environment and never ends
 * the process: the command line does that, and this runs inside of any other program as well.
 */
import type { Writable } from 'node:stream';
import { messageOf } from '../../shared/errors.js';
import { compileChannelPattern, type From } from '../../shared/protocol/index.js';
import type { SubscriptionEvent } from '../events.js';
import { type Client, connect, type Subscription } from '../node.js';
import { CursorFile, type Cursors, readCursorFile } from './cursor-file.js';
import { type LineFormat, lineFormat } from './line-format.js';
import { gapSentence, leftSentence, NoticeDigest } from './notice-format.js';
import { type TailOptions, type TailPlan, tailPlan } from './options.js';
import { Output } from './output.js';

export interface TailStreams {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborting it ends the run in good order. */
  readonly signal: AbortSignal;
}

export const TAIL_EXIT = { ok: 0, failure: 1, interrupted: 130 } as const;

/** With `--no-follow` a script waits for the end: a hub that is not there must not keep it for ever. */
const ATTEMPTS_MAX = 6;

/**
 * Resolves to the exit code: 0 when all was shown or nobody reads stdout any more, 1 after a failure that was
 * said on stderr, 130 when the signal was aborted. Rejects with a `UsageError` for options that make no sense.
 */
export async function runTail(options: TailOptions, streams: TailStreams): Promise<number> {
  const plan = tailPlan(options, Date.now());
  const kept =
    plan.cursorFile === undefined ? new Map<string, string>() : await readCursorFile(plan.cursorFile);
  const run = new TailRun(plan, kept, streams);
  try {
    return await run.finish();
  } finally {
    run.release();
  }
}

class TailRun {
  readonly #plan: TailPlan;
  readonly #kept: Cursors;
  readonly #output: Output;
  readonly #format: LineFormat;
  readonly #client: Client;
  readonly #subscriptions: readonly Subscription[];
  readonly #cursorFile: CursorFile | undefined;
  /** Aborted by the caller's signal, by a failure, and when stdout is gone. */
  readonly #stopping = new AbortController();
  readonly #interruption: AbortSignal;
  readonly #onInterrupted = (): void => this.#stop();
  #failure: unknown;

  constructor(plan: TailPlan, kept: Cursors, { stdout, stderr, signal }: TailStreams) {
    this.#plan = plan;
    this.#kept = kept;
    this.#interruption = signal;
    this.#output = new Output(stdout, stderr, (failure) => this.#stop(failure));
    this.#format = lineFormat({ ...plan, stdout });
    if (plan.cursorFile !== undefined) {
      this.#cursorFile = new CursorFile(
        plan.cursorFile,
        () => this.#cursors(),
        (error) => this.#stop(error),
      );
    }
    this.#client = this.#connect();
    this.#subscriptions = plan.channels.map((name) =>
      this.#client.subscribe(name, { from: this.#from(name) }),
    );
    signal.addEventListener('abort', this.#onInterrupted);
    if (signal.aborted) this.#stop();
  }

  async finish(): Promise<number> {
    const loops = this.#subscriptions.map((subscription) => this.#show(subscription));
    await Promise.all(loops.map((loop) => loop.catch((error: unknown) => this.#stop(error))));
    this.#client.close();
    await this.#cursorFile?.close();
    if (this.#plan.showCursor) this.#showCursors();
    if (this.#failure !== undefined) {
      this.#output.say(messageOf(this.#failure));
      return TAIL_EXIT.failure;
    }
    return this.#interruption.aborted ? TAIL_EXIT.interrupted : TAIL_EXIT.ok;
  }

  release(): void {
    this.#interruption.removeEventListener('abort', this.#onInterrupted);
    this.#output.release();
  }

  #connect(): Client {
    const { url, token, follow } = this.#plan;
    const digest = new NoticeDigest({ saysReady: follow });
    return connect({
      url,
      token,
      attemptsMax: follow ? undefined : ATTEMPTS_MAX,
      onNotice: (notice) => {
        const sentence = digest.sentence(notice);
        if (sentence !== undefined) this.#output.say(sentence);
      },
    });
  }

  /** Channels in the cursor file go on from there; a pattern of which it knows none starts as it was asked to. */
  #from(name: string): From {
    const matches = compileChannelPattern(name);
    const cursors = [...this.#kept].filter(([channel]) => matches(channel));
    return cursors.length === 0 ? this.#plan.from : { cursors: Object.fromEntries(cursors) };
  }

  /** Asks for the next event only when the last one was written: so the cursors never run ahead of stdout. */
  async #show(subscription: Subscription): Promise<void> {
    for await (const event of subscription) {
      if (event.type === 'gap') this.#output.say(gapSentence(event));
      if (event.type === 'unsubscribed') this.#output.say(leftSentence(event));
      if (event.type === 'lines') {
        const isWritten = await this.#output.write(this.#format(event), this.#stopping.signal);
        if (!isWritten) return;
      }
      this.#cursorFile?.touch();
      if (this.#isShown(event, subscription)) return;
    }
  }

  #isShown(event: SubscriptionEvent, { name }: Subscription): boolean {
    return !this.#plan.follow && event.type === 'caught_up' && event.channel === name;
  }

  #stop(failure?: unknown): void {
    this.#failure ??= failure;
    this.#stopping.abort();
    this.#client.close();
  }

  #cursors(): Cursors {
    return new Map(
      [this.#kept, ...this.#subscriptions.map(({ cursors }) => cursors)].flatMap((map) => [...map]),
    );
  }

  #showCursors(): void {
    const cursors = new Map(this.#subscriptions.flatMap((subscription) => [...subscription.cursors]));
    for (const [channel, cursor] of cursors) this.#output.sayPlainly(`-- cursor: ${channel} ${cursor}`);
  }
}
