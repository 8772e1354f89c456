/**
 * The outer world of a client in unit tests: a clock that moves when told to, and a hub's end of the socket
 * that the test plays. All of the client's own logic is the real one.
 */
import { type Client, createClient } from '../../client/client.js';
import type { Clock } from '../../client/clock.js';
import type { ClientNotice } from '../../client/events.js';
import type { ConnectOptions } from '../../client/options.js';
import type { OpenSocket, SocketEnd, SocketHandlers } from '../../client/socket.js';
import type { ClientMessage, HubMessage } from '../../shared/protocol/index.js';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what becomes due, in order, also what that sets up in turn. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = end;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= end);
    return due.sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** One connection as the hub sees it. */
export class FakeSocket {
  readonly url: string;
  readonly token: string;
  readonly sent: ClientMessage[] = [];
  /** How the client ended it, if it did. */
  ended: 'closed' | 'dropped' | undefined;
  readonly #handlers: SocketHandlers;

  constructor(url: string, token: string, handlers: SocketHandlers) {
    this.url = url;
    this.token = token;
    this.#handlers = handlers;
  }

  /** Says it whether or not the client still listens: late messages do arrive. */
  say(...messages: readonly HubMessage[]): void {
    for (const message of messages) this.sayText(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.#handlers.onMessage(text);
  }

  end(code: number, more: Partial<SocketEnd> = {}): void {
    this.#handlers.onEnd({ code, reason: '', ...more });
  }

  /** What was sent of one type, oldest first. */
  sentOf<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sent.filter(
      (message): message is Extract<ClientMessage, { type: T }> => message.type === type,
    );
  }
}

export class FakeWorld {
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  readonly notices: ClientNotice[] = [];
  readonly client: Client;

  constructor(options: Partial<ConnectOptions> = {}) {
    const settings = {
      url: 'ws://hub',
      token: 'first',
      onNotice: (notice: ClientNotice) => this.notices.push(notice),
    };
    const platform = { openSocket: this.#open, clock: this.clock, random: () => 0.5 };
    this.client = createClient({ ...settings, ...options }, platform);
  }

  /** The latest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('the client has not connected');
    return socket;
  }

  /** The hub accepts the latest connection. */
  ready(limits: Partial<typeof LIMITS> = {}): FakeSocket {
    this.socket.say({ type: 'ready', tenant: 'acme', expiresAt: 1e12, limits: { ...LIMITS, ...limits } });
    return this.socket;
  }

  /** The connection breaks, if it has not, the client waits and connects again, and the hub accepts. */
  reconnect(code = 1006): FakeSocket {
    if (this.socket.ended === undefined) this.socket.end(code);
    this.wait();
    return this.ready();
  }

  /** Passes as much time as the client waits before it connects again. */
  wait(): void {
    const before = this.sockets.length;
    for (let step = 0; step < 1_000 && this.sockets.length === before; step += 1) this.clock.advance(10);
    if (this.sockets.length === before) throw new Error('the client did not come back');
  }

  noticesOf(type: ClientNotice['type']): ClientNotice[] {
    return this.notices.filter((notice) => notice.type === type);
  }

  readonly #open: OpenSocket = (url, token, handlers) => {
    const socket = new FakeSocket(url, token, handlers);
    this.sockets.push(socket);
    return {
      send: (text) => socket.sent.push(JSON.parse(text) as ClientMessage),
      close: () => {
        socket.ended = 'closed';
      },
      drop: () => {
        socket.ended ??= 'dropped';
      },
    };
  };
}

const LIMITS = { messageBytes: 589_824, subscriptions: 1_000, windowLines: 1_000_000, tailLines: 1_000_000 };

/** The cursor before a line; each line is an entry of its own. */
export function cursorAt(seq: number, epoch = 'e'): string {
  return `1.${epoch}.${seq - 1}-0.${seq}`;
}

export function subscribed(channel: string, seq = 1, pattern?: string): HubMessage {
  return {
    type: 'subscribed',
    channel,
    cursor: cursorAt(seq),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

/** `count` lines from `seq` on: `line 7` and so forth. */
export function lines(channel: string, seq: number, count = 1): HubMessage {
  const texts = Array.from({ length: count }, (_, index) => `line ${seq + index}`);
  const source = { id: 's', host: 'h', path: '/p' };
  return { type: 'lines', channel, cursor: cursorAt(seq + count), seq, at: 1_000, source, lines: texts };
}

export function caughtUp(channel: string, seq?: number): HubMessage {
  return { type: 'caught_up', channel, ...(seq === undefined ? {} : { cursor: cursorAt(seq) }) };
}

/** Lets everything run that waits for a promise and nothing else. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
