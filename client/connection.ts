/**
 * Keeps one connection to a hub: runs the lifecycle, asks for tokens, notices silence. It hands messages up
 * and knows nothing of subscriptions. Whatever an earlier socket, timer or token function still does after
 * the lifecycle moved on is ignored.
 */
import type { ClientMessage, HubMessage, HubMessageOf } from '../shared/protocol/index.js';
import type { Clock } from './clock.js';
import { ClientError } from './errors.js';
import type { ClientNotice } from './events.js';
import { Heartbeat } from './heartbeat.js';
import { readHubMessage } from './incoming.js';
import {
  advance,
  type Lifecycle,
  type LifecycleAction,
  type LifecycleEvent,
  type LifecycleRules,
  type Setback,
  setbackText,
} from './lifecycle.js';
import { CONNECT_TIMEOUT_MS } from './options.js';
import { CODE_BROKEN, type OpenSocket, type Socket, type SocketEnd } from './socket.js';
import { askForToken, type TokenSource } from './token.js';

export interface ConnectionSettings extends Omit<LifecycleRules, 'tokenRenewable'> {
  readonly url: string;
  readonly token: string | TokenSource;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
}

export interface ConnectionListener {
  /** A new connection is ready: nothing of an earlier one holds. */
  onConnected(ready: HubMessageOf<'ready'>): void;
  /** Any message but those that concern the connection itself. `size` is the length of its text. */
  onMessage(message: HubMessage, size: number): void;
  onDisconnected(): void;
  /** For good: no other call follows. */
  onFailed(error: ClientError): void;
  onNotice(notice: ClientNotice): void;
}

export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #heartbeat: Heartbeat;
  #state: Lifecycle = { phase: 'idle' };
  #socket: Socket | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelToken: (() => void) | undefined;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#heartbeat = new Heartbeat(settings.clock, {
      ping: () => this.send({ type: 'ping' }),
      lost: () => this.#lost({ code: CODE_BROKEN, reason: 'no answer to a ping' }),
    });
  }

  start(): void {
    this.#happened({ type: 'start' });
  }

  /** Sends nothing while there is no connection: whoever subscribes does so again when there is one. */
  send(message: ClientMessage): void {
    if (this.#state.phase === 'ready') this.#socket?.send(JSON.stringify(message));
  }

  /** Gives the connection up because of what the hub sent, and makes a new one. */
  reconnect(fault: string): void {
    this.#lost({ code: CODE_BROKEN, reason: fault });
  }

  end(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#happened({ type: 'end' });
    this.#forget();
    socket?.close();
  }

  #happened(event: LifecycleEvent): void {
    const { token, ...settings } = this.#settings;
    const rules = { ...settings, tokenRenewable: typeof token === 'function' };
    const { state, actions } = advance(this.#state, event, rules);
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: LifecycleAction): void {
    switch (action.do) {
      case 'ask_token':
        this.#askToken((event) => this.#happened(event));
        break;
      case 'open':
        this.#open(action.token);
        break;
      case 'wait':
        this.#setTimer(action.ms, () => this.#happened({ type: 'waited' }));
        this.#listener.onNotice(setbackNotice(action.because, action.ms));
        break;
      case 'fail':
        this.#forget();
        this.#listener.onFailed(action.error);
        break;
    }
  }

  #askToken(answer: (event: LifecycleEvent) => void): void {
    this.#cancelToken?.();
    this.#cancelToken = askForToken(this.#settings.token, this.#settings.clock, {
      onToken: (token) => answer({ type: 'token', token }),
      onFailed: (cause) => answer({ type: 'token_failed', cause }),
    });
  }

  #open(token: string): void {
    const { openSocket, url } = this.#settings;
    this.#setTimer(CONNECT_TIMEOUT_MS, () =>
      this.#lost({ code: CODE_BROKEN, reason: 'the hub did not answer in time' }),
    );
    try {
      const socket = openSocket(url, token, {
        onMessage: (text) => this.#socket === socket && this.#receive(text),
        onEnd: (end) => this.#socket === socket && this.#lost(end),
      });
      this.#socket = socket;
    } catch (cause) {
      const error = new ClientError(
        'bad_url',
        `No WebSocket to ${url} can be made: check the URL and the token.`,
        { cause },
      );
      this.#lost({ code: CODE_BROKEN, reason: '', cause: error });
    }
  }

  #receive(text: string): void {
    this.#heartbeat.heard();
    const message = readHubMessage(text);
    if (message === undefined) return;
    if ('fault' in message) this.#fault(message.fault);
    else if (message.type === 'ready') this.#ready(message);
    else if (message.type === 'auth_expiring') this.#refresh(message);
    else if (message.type !== 'pong') this.#listener.onMessage(message, text.length);
  }

  #ready(message: HubMessageOf<'ready'>): void {
    const isRefresh = this.#state.phase === 'ready';
    this.#happened({ type: 'ready', nowMs: this.#settings.clock.now() });
    if (isRefresh) return;
    this.#cancelTimer?.();
    this.#heartbeat.start();
    const { tenant, expiresAt } = message;
    this.#listener.onNotice({
      type: 'connected',
      tenant,
      expiresAt,
      message: `Connected to ${this.#settings.url} as tenant ${tenant}.`,
    });
    this.#listener.onConnected(message);
  }

  /** The connection goes on with the fresh token; if none comes the hub ends it with 4401 in its time. */
  #refresh({ expiresAt }: HubMessageOf<'auth_expiring'>): void {
    const fixed = typeof this.#settings.token === 'string';
    const next = fixed
      ? 'connect with a token function, or again with a fresh one'
      : 'a fresh one is asked for';
    const message = `The token ends at ${new Date(expiresAt).toISOString()}: ${next}.`;
    this.#listener.onNotice({ type: 'auth_expiring', expiresAt, message });
    if (fixed) return;
    this.#askToken((event) => {
      if (event.type === 'token') this.send({ type: 'auth', token: event.token });
      if (event.type === 'token_failed') this.#listener.onNotice(tokenNotice(event.cause));
    });
  }

  #fault(fault: string): void {
    this.#listener.onNotice({ type: 'fault', message: `The hub sent ${fault}; connecting again.` });
    this.reconnect(fault);
  }

  #lost(end: SocketEnd): void {
    const wasReady = this.#state.phase === 'ready';
    this.#forget();
    if (wasReady) this.#listener.onDisconnected();
    this.#happened({ type: 'lost', end, nowMs: this.#settings.clock.now() });
  }

  /** Lets go of everything that belongs to the connection that was. */
  #forget(): void {
    this.#socket?.drop();
    this.#socket = undefined;
    this.#heartbeat.stop();
    this.#cancelTimer?.();
    this.#cancelToken?.();
  }

  #setTimer(ms: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#settings.clock.after(ms, run);
  }
}

function setbackNotice(because: Setback, retryInMs: number): ClientNotice {
  const message = `${setbackText(because)}; next attempt in ${retryInMs} ms.`;
  if (because.kind === 'token_failed') {
    return { type: 'token_failed', retryInMs, message, cause: because.cause };
  }
  const { code, cause } = because.end;
  return { type: 'disconnected', code, retryInMs, message, ...(cause === undefined ? {} : { cause }) };
}

function tokenNotice(cause: unknown): ClientNotice {
  const message = `${setbackText({ kind: 'token_failed', cause })}; the old token is used until it ends.`;
  return { type: 'token_failed', retryInMs: 0, message, cause };
}
