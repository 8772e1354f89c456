/**
 * A program that reads a channel through the SDK, keeps what it got in memory and goes away now and then. It
 * comes back with a new connection, to any hub, and with nothing but its cursor.
 */
import type { Client, GapEvent } from '../../client/node.js';
import { connect } from '../../client/node.js';
import { waitFor } from './wait.js';

export interface ReaderOptions {
  readonly token: string;
  readonly channel: string;
}

export class ResumingReader implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly gaps: GapEvent[] = [];
  connections = 0;
  readonly #options: ReaderOptions;
  #client: Client | undefined;
  #reading: Promise<void> = Promise.resolve();
  #cursor: string | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** From the start the first time, then from the cursor of the last event. */
  connect(url: string): void {
    const { token, channel } = this.#options;
    // Quick to return: tests restart hubs and wait for it.
    this.#client = connect({ url, token, backoff: { baseMs: 20, capMs: 200 } });
    this.connections += 1;
    const from = this.#cursor === undefined ? ('start' as const) : { cursor: this.#cursor };
    this.#reading = this.#read(this.#client.subscribe(channel, { from }));
  }

  /** What the client had received but not yet handed out is forgotten with it. */
  async disconnect(): Promise<void> {
    this.#client?.close();
    await this.#reading;
  }

  /** Resolves when so many lines have come in all. */
  async hasLines(count: number): Promise<void> {
    await waitFor(`${count} lines`, () => this.lines.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  async #read(subscription: ReturnType<Client['subscribe']>): Promise<void> {
    for await (const event of subscription) {
      if (event.type === 'lines') for (const line of event.lines) this.lines.push(line);
      if (event.type === 'gap') this.gaps.push(event);
      if (event.type !== 'unsubscribed') this.#cursor = event.cursor ?? this.#cursor;
    }
  }
}
