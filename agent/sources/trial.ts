/**
 * What becomes of the lines of one source that the store does not take although it answers. They are tried in
 * smaller parts, then the one line alone, with pauses, and one source of the agent at a time; before each try
 * the store must take more bytes than the line has, in small pieces, so that a bad connection proves itself.
 * A line that fails all that is set aside: a placeholder takes its place in the channel.
 */
import { messageOf, StoreError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { Batch, LogWriter } from '../../shared/store/log-store.js';
import type { AgentCounters } from '../status/agent-stats.js';
import type { Outgoing, Result, Setback } from './publisher.js';
import type { StoreAccess, StoreClient } from './store-access.js';
import { type Fault, type Plan, Suspicion, TRIALS } from './suspicion.js';

/** Small enough for whatever limits what a store takes at once: Redis allows no limit below 1 MiB. */
const PIECE = Buffer.alloc(64 * 1024);

/** A connection that fails at random fails over twice the bytes more often than not before the line does. */
const CONTROL_FACTOR = 2;

export interface TrialContext {
  readonly writer: LogWriter;
  readonly access: StoreAccess;
  readonly counters: AgentCounters;
  readonly logger: Logger;
}

export interface TrialSource {
  readonly id: ChannelId;
  readonly source: string;
}

type Failure = Extract<Setback, { kind: 'error' }>;

export class Trial {
  readonly #context: TrialContext;
  readonly #client: StoreClient;
  readonly #source: TrialSource;
  readonly #suspicion = new Suspicion();
  #failure: Failure | undefined;
  #isTold = false;

  constructor(context: TrialContext, client: StoreClient, source: TrialSource) {
    this.#context = context;
    this.#client = client;
    this.#source = source;
  }

  get plan(): Plan {
    return this.#suspicion.plan;
  }

  /** A batch came back with an error. */
  failed(failure: Failure): void {
    const { from, lines, position } = failure.outgoing;
    const { access } = this.#context;
    const client = this.#client;
    const fault = faultOf(failure.error);
    this.#failure = failure;
    this.#suspicion.failed({ from, to: position.offset, lines: lines.lines }, fault);
    if (fault === 'refused') access.refused(client, failure.error);
    else access.failed(client, failure.error);
  }

  /** The store did not answer where the source stands. */
  unanswered(error: unknown): void {
    const { access } = this.#context;
    const client = this.#client;
    this.#suspicion.unanswered(faultOf(error) === 'interrupted');
    access.failed(client, error);
  }

  appended(outgoing: Outgoing): void {
    this.#suspicion.appended(outgoing.position.offset);
    if (this.plan.kind === 'free') {
      this.#isTold = false;
      this.#context.access.endTrial(this.#client);
    }
    if (outgoing.isPlaceholder) this.#tellSetAside(outgoing);
  }

  foundNothing(): void {
    this.#suspicion.foundNothing();
  }

  /** The source stands at the offset. Whether the next batch may be sent now; if not, the client is woken. */
  async admits(offset: number): Promise<boolean> {
    const { access } = this.#context;
    const client = this.#client;
    const isWorse = this.#suspicion.stands(offset);
    if (isWorse) access.endTrial(client);
    if (this.plan.kind === 'free') return true;
    if (isWorse) {
      this.#tellSuspicion();
      // Nothing is under way on the connection that the line has ended, and the placeholder is what decides.
      if (this.plan.kind === 'placeholder') return true;
      access.pause(client, this.#suspicion.trials);
      return false;
    }
    return access.beginTrial(client) && (await this.#isStoreSound());
  }

  /** What may take the place of the line in the channel now. */
  placeholderOf(outgoing: Outgoing): Outgoing | undefined {
    const { from, lines, position } = outgoing;
    const { kind } = this.plan;
    if (kind === 'free' || kind === 'alone' || lines.lines !== 1) return undefined;
    const text = `[tailrace: the store refused this line of ${position.offset - from} bytes; it was set aside]`;
    const instead = { json: Buffer.from(JSON.stringify([text])), lines: 1, cut: [0] };
    return { ...outgoing, lines: instead, isPlaceholder: true };
  }

  placeholderReturned(result: Result): void {
    if (result.kind === 'error' && faultOf(result.error) === 'refused') this.#suspicion.placeholderRefused();
  }

  /** As many bytes, and more, to a source that does not exist: nothing is written. */
  async #isStoreSound(): Promise<boolean> {
    const { writer, access } = this.#context;
    const { id, source } = this.#source;
    const bytes = CONTROL_FACTOR * (this.#failure?.payloadBytes ?? 0);
    const probe: Batch = {
      ...{ source: `${source}/trial`, from: 0, to: 1, lines: 1, cut: [] },
      ...{ encoding: 'json', payload: PIECE },
    };
    const pieces = Array.from({ length: Math.ceil(bytes / PIECE.length) }, () =>
      writer.append(id, probe, ''),
    );
    const failed = (await Promise.allSettled(pieces)).find((piece) => piece.status === 'rejected');
    if (failed === undefined) return true;
    this.#suspicion.acquit();
    access.failed(this.#client, failed.reason);
    return false;
  }

  #tellSuspicion(): void {
    const { outgoing, error } = this.#failure as Failure;
    if (this.#isTold) return;
    this.#isTold = true;
    const { logger } = this.#context;
    const client = this.#client;
    const [from, to] = [outgoing.from, outgoing.position.offset];
    logger.warn(
      `${client.path}: the store serves, but does not take bytes ${from} to ${to}; they are tried in parts ` +
        `and alone, and other files go on: ${messageOf(error)}`,
      { path: client.path, from, to },
    );
  }

  #tellSetAside({ from, position: { offset: to } }: Outgoing): void {
    const { logger, counters } = this.#context;
    const client = this.#client;
    counters.setAsideLines++;
    logger.error(
      `${client.path}: the line of ${to - from} bytes at byte ${from} was set aside, since the store did not ` +
        `take it ${TRIALS} times; a placeholder stands in the channel, the line stays in the file. Look at the ` +
        'limits of the store (proto-max-bulk-len, client-query-buffer-limit) and of what lies between, or lower ' +
        `max_line_bytes: ${messageOf(this.#failure?.error)}`,
      { path: client.path, from, to },
    );
  }
}

function faultOf(error: unknown): Fault | undefined {
  const code = error instanceof StoreError ? error.code : undefined;
  return code === 'refused' || code === 'interrupted' ? code : undefined;
}
