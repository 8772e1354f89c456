/**
 * What a hub counts, in the text format of Prometheus. No label ever holds a tenant, a channel or anything
 * else that came from one.
 */
import { type Counter, MetricSet } from '../shared/metric-set.js';
import { GAP_REASONS } from '../shared/protocol/continuity.js';

/** What is looked up when somebody asks, rather than counted as it changes. */
export interface MetricsSources {
  connections(): number;
  subscriptions(): number;
  feeds(): number;
  frameBytes(): number;
}

export class Metrics {
  readonly gaps: Counter<'reason'>;
  readonly storeErrors: Counter;
  readonly authFailures: Counter<'reason'>;
  readonly closes: Counter<'code'>;
  readonly #set = new MetricSet('tailrace_hub_');
  // Plain numbers: they change with every delivery.
  #frames = 0;
  #lines = 0;
  #bytes = 0;

  constructor() {
    this.gaps = this.#set.counter('gaps_total', 'Gaps told to subscribers.', ['reason']);
    this.storeErrors = this.#set.counter('store_errors_total', 'Calls of the log store that failed.', []);
    this.authFailures = this.#set.counter(
      'auth_failures_total',
      'Connections refused for their token or Origin.',
      ['reason'],
    );
    this.closes = this.#set.counter('closes_total', 'Connections that the hub closed, by close code.', [
      'code',
    ]);
    this.#set.total('delivered_frames_total', 'Messages with lines that were delivered.', () => this.#frames);
    this.#set.total('delivered_lines_total', 'Lines that were delivered.', () => this.#lines);
    this.#set.total('sent_bytes_total', 'Bytes written to WebSockets.', () => this.#bytes);
    for (const reason of GAP_REASONS) this.gaps.inc({ reason }, 0);
  }

  get contentType(): string {
    return this.#set.contentType;
  }

  watch(sources: MetricsSources): void {
    this.#set.gauge('connections', 'Open WebSocket connections.', sources.connections);
    this.#set.gauge('subscriptions', 'Channels that connections are subscribed to.', sources.subscriptions);
    this.#set.gauge('feeds', 'Channels that are followed.', sources.feeds);
    this.#set.gauge('frame_bytes', 'Memory of frames kept for subscribers.', sources.frameBytes);
  }

  countFrame(lines: number): void {
    this.#frames += 1;
    this.#lines += lines;
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  text(): Promise<string> {
    return this.#set.text();
  }
}
