/**
 * One client, from the accepted upgrade to the close. States: awaiting a token → ready → closed. Checks every
 * message once, at this boundary, and keeps the deadlines: for the token, for its expiry, for signs of life.
 * Time comes in by `tick`; it has no timers of its own.
 */

import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { CLOSE_CODES, type CloseCode } from '../shared/protocol/close-codes.js';
import {
  CLIENT_MESSAGE_BYTES_MAX,
  CLOSE_REASON_BYTES_MAX,
  TAIL_LINES_MAX,
  TOKEN_BYTES_MAX,
  WINDOW_LINES_MAX,
} from '../shared/protocol/limits.js';
import { type ClientMessage, clientMessage, type HubMessage } from '../shared/protocol/messages.js';
import { compileReadAccess } from './access.js';
import type { Authenticator } from './authenticator.js';
import type { HubLimits, HubTimeouts } from './config.js';
import { encode } from './encode.js';
import { Outbox } from './outbox.js';
import type { Socket, SocketListener } from './socket.js';
import type { Client } from './subscribed-channels.js';
import { Subscriptions, type SubscriptionsContext } from './subscriptions.js';
import { type Grant, TokenError } from './token.js';

/** Whoever has shown no token yet gets nothing longer parsed than a message with one. */
const FIRST_MESSAGE_CHARACTERS_MAX = TOKEN_BYTES_MAX + 1024;

export interface ConnectionContext extends SubscriptionsContext {
  readonly authenticator: Authenticator;
  readonly limits: HubLimits;
  readonly timeouts: HubTimeouts;
  readonly logger: Logger;
  now(): number;
  /** Resolves where one more message of this connection is within the rate, else rejects. */
  admitMessage(connection: Connection): Promise<unknown>;
  /** Whether one more connection of a tenant is within the bound; then it counts until `closed`. */
  admitTenant(tenant: string): boolean;
  closed(connection: Connection): void;
}

export class Connection implements SocketListener, Client {
  /** Unique in its hub. */
  readonly id: number;
  readonly outbox: Outbox;
  readonly #context: ConnectionContext;
  readonly #socket: Socket;
  readonly #openedAtMs: number;
  #grant: Grant | undefined;
  #subscriptions: Subscriptions | undefined;
  #isClosed = false;
  #isExpiryTold = false;
  #heardAtMs: number;
  #pingedAtMs: number;

  constructor(id: number, socket: Socket, context: ConnectionContext) {
    this.id = id;
    this.#socket = socket;
    this.#context = context;
    this.#openedAtMs = context.now();
    this.#heardAtMs = this.#openedAtMs;
    this.#pingedAtMs = this.#openedAtMs;
    this.outbox = new Outbox(socket, context.limits.outboxBytesMax, {
      sent: (bytes) => context.metrics.countBytes(bytes),
      broke: (error) => this.#break(error),
    });
  }

  /** Undefined until a token was accepted. */
  get tenant(): string | undefined {
    return this.#grant?.tenant;
  }

  get canInflate(): boolean {
    return this.#socket.canInflate;
  }

  /** Channels that it is subscribed to. */
  get channels(): number {
    return this.#subscriptions?.size ?? 0;
  }

  /** The first token or a later one, which replaces the rights at once. */
  authenticate(token: string): void {
    try {
      const grant = this.#context.authenticator.check(token, this.#context.now());
      if (this.#grant === undefined) this.#begin(grant);
      else this.#refresh(grant, this.#grant);
    } catch (error) {
      if (error instanceof TokenError) this.close(CLOSE_CODES.token, error.message);
      else this.#break(error);
    }
  }

  /** Keeps the deadlines. Called every fraction of a second. */
  tick(nowMs: number): void {
    if (this.#isClosed) return;
    if (this.#grant === undefined) this.#awaitToken(nowMs);
    else this.#watchExpiry(nowMs, this.#grant);
    this.#watchLife(nowMs);
  }

  tellOutage(): void {
    this.#subscriptions?.tellOutage();
  }

  send(message: HubMessage): void {
    this.outbox.send(encode(message));
  }

  close(code: CloseCode, reason: string): void {
    if (this.#isClosed) return;
    this.#end();
    this.#context.metrics.closes.inc({ code: code.code });
    this.#socket.close(code, withinReason(reason));
  }

  terminate(): void {
    this.#end();
    this.#socket.terminate();
  }

  onMessage(text: string): void {
    this.#heardAtMs = this.#context.now();
    const { messagesPerSecondMax } = this.#context.limits;
    this.#context
      .admitMessage(this)
      .then(
        () => this.#receive(text),
        () => this.close(CLOSE_CODES.tooMany, `more than ${messagesPerSecondMax} messages in a second`),
      )
      .catch((error: unknown) => this.#break(error));
  }

  onBinaryMessage(): void {
    this.close(CLOSE_CODES.badMessage, 'messages are JSON in text frames, not binary ones');
  }

  onSignOfLife(): void {
    this.#heardAtMs = this.#context.now();
  }

  onDrain(): void {
    this.#heardAtMs = this.#context.now();
    this.outbox.drained();
  }

  onClose(): void {
    this.#end();
    this.#context.closed(this);
  }

  #receive(text: string): void {
    if (this.#isClosed) return;
    if (this.#subscriptions === undefined && text.length > FIRST_MESSAGE_CHARACTERS_MAX) {
      this.close(CLOSE_CODES.badMessage, 'the first message must be auth, which is shorter');
      return;
    }
    const message = parseMessage(text);
    if (typeof message === 'string') this.close(CLOSE_CODES.badMessage, message);
    else if (message.type === 'auth') this.authenticate(message.token);
    else if (this.#subscriptions === undefined)
      this.close(CLOSE_CODES.token, 'the first message must be auth');
    else this.#handle(message, this.#subscriptions);
  }

  #handle(message: Exclude<ClientMessage, { type: 'auth' }>, subscriptions: Subscriptions): void {
    switch (message.type) {
      case 'subscribe':
        subscriptions.subscribe(message);
        break;
      case 'unsubscribe':
        subscriptions.unsubscribe(message);
        break;
      case 'ack':
        subscriptions.ack(message);
        break;
      case 'ping':
        this.send({ type: 'pong' });
    }
  }

  #begin(grant: Grant): void {
    if (!this.#context.admitTenant(grant.tenant)) {
      this.close(CLOSE_CODES.tooMany, 'the tenant has too many connections to this hub');
      return;
    }
    this.#grant = grant;
    this.#subscriptions = new Subscriptions(
      this.#context,
      this,
      grant.tenant,
      compileReadAccess(grant.subscribe),
    );
    this.#sendReady(grant);
  }

  #refresh(grant: Grant, previous: Grant): void {
    if (grant.tenant !== previous.tenant) {
      this.close(CLOSE_CODES.forbidden, 'the new token is of another tenant; open another connection for it');
      return;
    }
    this.#grant = grant;
    this.#isExpiryTold = false;
    this.#sendReady(grant);
    this.#subscriptions?.changeAccess(compileReadAccess(grant.subscribe));
  }

  #sendReady({ tenant, expiresAtMs }: Grant): void {
    const limits = {
      messageBytes: CLIENT_MESSAGE_BYTES_MAX,
      subscriptions: this.#context.limits.subscriptionsMax,
      windowLines: WINDOW_LINES_MAX,
      tailLines: TAIL_LINES_MAX,
    };
    this.send({ type: 'ready', tenant, expiresAt: expiresAtMs, limits });
  }

  #awaitToken(nowMs: number): void {
    const { authTimeoutMs } = this.#context.timeouts;
    if (nowMs - this.#openedAtMs < authTimeoutMs) return;
    this.#context.metrics.authFailures.inc({ reason: 'timeout' });
    this.close(CLOSE_CODES.authTimeout, `no token came within ${authTimeoutMs / 1000} s`);
  }

  #watchExpiry(nowMs: number, { expiresAtMs }: Grant): void {
    if (nowMs >= expiresAtMs) {
      this.close(CLOSE_CODES.token, 'the token has expired; get a new one');
    } else if (!this.#isExpiryTold && nowMs >= expiresAtMs - this.#context.timeouts.authExpiringNoticeMs) {
      this.#isExpiryTold = true;
      this.send({ type: 'auth_expiring', expiresAt: expiresAtMs });
    }
  }

  /** A client that does not read answers no ping either, and has a while to come back to it. */
  #watchLife(nowMs: number): void {
    if (this.#isClosed) return;
    const { silenceMs, pingIntervalMs } = this.#context.timeouts;
    if (nowMs - this.#heardAtMs >= silenceMs) {
      if (this.#socket.writableBytes === 0) this.terminate();
      else this.close(CLOSE_CODES.tooSlow, `nothing was read for ${silenceMs / 1000} s; resume by cursor`);
    } else if (nowMs - this.#pingedAtMs >= pingIntervalMs) {
      this.#pingedAtMs = nowMs;
      this.#socket.ping();
    }
  }

  #break(error: unknown): void {
    this.#context.logger.error(`a connection broke: ${messageOf(error)}`, {
      stack: error instanceof Error ? error.stack : undefined,
    });
    this.close(CLOSE_CODES.internal, 'the hub failed; its log says why');
  }

  #end(): void {
    this.#isClosed = true;
    this.#subscriptions?.close();
    this.outbox.close();
  }
}

/** A message, or a sentence on why it is none. */
function parseMessage(text: string): ClientMessage | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the message is not JSON';
  }
  const result = clientMessage.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  return `${where === '' ? 'the message' : where}: ${issue?.message ?? 'is not of the protocol'}`;
}

/** A close reason is bounded in bytes; the cut falls between characters. */
function withinReason(reason: string): string {
  if (Buffer.byteLength(reason) <= CLOSE_REASON_BYTES_MAX) return reason;
  const cut = Buffer.from(reason)
    .subarray(0, CLOSE_REASON_BYTES_MAX - 3)
    .toString('utf8');
  return `${cut.replace(/\ufffd+$/, '')}…`;
}
