/**
 * What a hub counts, in the text format of Prometheus. The one file that knows prom-client. No label ever
 * holds a tenant, a channel or anything else that came from one.
 */
import { Counter, Gauge, Registry } from 'prom-client';
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
  readonly #registry = new Registry();
  // Plain numbers: they change with every delivery.
  #frames = 0;
  #lines = 0;
  #bytes = 0;

  constructor() {
    this.gaps = this.#counter('gaps_total', 'Gaps told to subscribers.', ['reason']);
    this.storeErrors = this.#counter('store_errors_total', 'Calls of the log store that failed.', []);
    this.authFailures = this.#counter(
      'auth_failures_total',
      'Connections refused for their token or Origin.',
      ['reason'],
    );
    this.closes = this.#counter('closes_total', 'Connections that the hub closed, by close code.', ['code']);
    this.#total('delivered_frames_total', 'Messages with lines that were delivered.', () => this.#frames);
    this.#total('delivered_lines_total', 'Lines that were delivered.', () => this.#lines);
    this.#total('sent_bytes_total', 'Bytes written to WebSockets.', () => this.#bytes);
    for (const reason of GAP_REASONS) this.gaps.inc({ reason }, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  watch(sources: MetricsSources): void {
    this.#gauge('connections', 'Open WebSocket connections.', sources.connections);
    this.#gauge('subscriptions', 'Channels that connections are subscribed to.', sources.subscriptions);
    this.#gauge('feeds', 'Channels that are followed.', sources.feeds);
    this.#gauge('frame_bytes', 'Memory of frames kept for subscribers.', sources.frameBytes);
  }

  countFrame(lines: number): void {
    this.#frames += 1;
    this.#lines += lines;
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name: `tailrace_hub_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `tailrace_hub_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  #total(name: string, help: string, read: () => number): void {
    new Counter({
      name: `tailrace_hub_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
