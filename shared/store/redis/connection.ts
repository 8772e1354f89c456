/**
 * One connection to Redis on which every call settles: with a reply, or within its deadline with a
 * `StoreError`. ioredis parses and reconnects; its offline queue and its resending are switched off, since
 * both would repeat or lose calls behind our back. Calls are sent in the order they were made. While the
 * connection is being made they wait for it, while the server is known to be away they fail at once.
 */
import { Redis } from 'ioredis';
import { backoffDelay } from '../../backoff.js';
import type { StoreError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { withResolvers } from '../../with-resolvers.js';
import type { RedisAddress } from './address.js';
import {
  closedError,
  deadlineError,
  interruptedError,
  isMissingScript,
  lostError,
  toConnectionError,
  toStoreError,
} from './error-mapping.js';
import type { Script } from './scripts.js';

const RECONNECT = { baseMs: 50, capMs: 2_000 };

export interface ConnectionOptions {
  readonly address: RedisAddress;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** How long a call may take, from the call to its result. */
  readonly deadlineMs: number;
  readonly logger: Logger;
}

export type Argument = string | Buffer;

/** `idle` until the first call; `down` between attempts; `closed` for good. */
type State = 'idle' | 'connecting' | 'ready' | 'down' | 'closed';

/** Makes a result of a reply, in which every string is a Buffer; throws `MalformedReply`. */
export type Parse<T> = (reply: unknown) => T;

interface Call {
  readonly send: () => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
}

export class Connection {
  readonly #redis: Redis;
  readonly #server: string;
  readonly #name: string;
  readonly #deadlineMs: number;
  readonly #logger: Logger;
  readonly #calls = new Set<Call>();
  #waiting: Call[] = [];
  #state: State = 'idle';
  /** Why the last attempt to connect failed, until the next one begins. */
  #failure: StoreError | undefined;
  /** Why this side closed the connection: then the server did not. */
  #givenUp: StoreError | undefined;
  /** Scripts that this connection has sent in full. */
  readonly #loaded = new Set<Script>();
  #onReady: () => void = () => {};
  #onLost: () => void = () => {};
  #onDrained: () => void = () => {};

  constructor({ address, name, deadlineMs, logger }: ConnectionOptions) {
    this.#server = address.label;
    this.#name = name;
    this.#deadlineMs = deadlineMs;
    this.#logger = logger;
    this.#redis = createClient(address, name, deadlineMs);
    this.#redis.on('connecting', () => this.#attempt());
    this.#redis.on('ready', () => this.#opened());
    this.#redis.on('error', (error: unknown) => {
      this.#failure = toConnectionError(error, this.#server);
    });
    this.#redis.on('close', () => this.#lost());
  }

  /** Runs whenever a connection was made, before any waiting call is sent. */
  set onReady(listener: () => void) {
    this.#onReady = listener;
  }

  /** Runs whenever a connection was lost or could not be made, before the calls under way fail. */
  set onLost(listener: () => void) {
    this.#onLost = listener;
  }

  /** Receives the messages of watched shard channels. */
  set onShardMessage(listener: (channel: string) => void) {
    this.#redis.on('smessage', listener);
  }

  call<T>(command: string, args: readonly Argument[], parse: Parse<T>): Promise<T> {
    return this.#submit(async () => parse(await this.#redis.callBuffer(command, [...args])));
  }

  /** Runs a script; sends it in full where the server may not know it. */
  run<T>(script: Script, keys: readonly string[], args: readonly Argument[], parse: Parse<T>): Promise<T> {
    return this.#submit(async () => {
      return parse(await this.#evaluate(script, [`${script.keyCount}`, ...keys, ...args]));
    });
  }

  /** Lets calls under way end, refuses new ones, then closes. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const { promise: drained, resolve } = withResolvers();
    this.#onDrained = resolve;
    const wasIdle = this.#calls.size === 0;
    this.#state = 'closed';
    if (!wasIdle) await drained;
    this.#redis.disconnect();
  }

  #submit<T>(send: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#state === 'closed') return reject(closedError(this.#server));
      if (this.#state === 'down') return reject(this.#failure ?? lostError(this.#server));
      const timer = setTimeout(() => this.#expire(call), this.#deadlineMs);
      const call: Call = { send, resolve: resolve as Call['resolve'], reject, timer };
      this.#calls.add(call);
      if (this.#state === 'ready') return this.#send(call);
      this.#waiting.push(call);
      if (this.#state === 'idle') this.#connect();
    });
  }

  #connect(): void {
    this.#state = 'connecting';
    // Failures arrive as events; ioredis tries again by itself.
    this.#redis.connect().catch(() => {});
  }

  #send(call: Call): void {
    call.send().then(
      (result) => this.#settle(call) && call.resolve(result),
      (error: unknown) => this.#settle(call) && call.reject(toStoreError(error, this.#server)),
    );
  }

  async #evaluate(script: Script, args: Argument[]): Promise<unknown> {
    const [bySha, inFull] = script.readOnly
      ? (['EVALSHA_RO', 'EVAL_RO'] as const)
      : (['EVALSHA', 'EVAL'] as const);
    if (!this.#loaded.has(script)) {
      this.#loaded.add(script);
      return this.#redis.callBuffer(inFull, [script.lua, ...args]);
    }
    try {
      return await this.#redis.callBuffer(bySha, [script.sha, ...args]);
    } catch (error) {
      // A call made meanwhile may overtake this second one; where order counts, the positions catch that.
      if (!isMissingScript(error)) throw error;
      return this.#redis.callBuffer(inFull, [script.lua, ...args]);
    }
  }

  /** Returns false for a call that has its result already. */
  #settle(call: Call): boolean {
    clearTimeout(call.timer);
    const open = this.#calls.delete(call);
    if (this.#calls.size === 0) this.#onDrained();
    return open;
  }

  #expire(call: Call): void {
    if (!this.#settle(call)) return;
    const error = deadlineError(this.#server, this.#deadlineMs);
    call.reject(error);
    // Replies come in order: when one is this late, whatever was sent behind it is no better off, and a
    // connection whose other end is gone without a word would never recover by itself.
    this.#givenUp = error;
    this.#redis.stream?.destroy();
  }

  #attempt(): void {
    if (this.#state === 'closed') return;
    this.#state = 'connecting';
    this.#failure = undefined;
  }

  #opened(): void {
    // Selecting the database failed, and ioredis would go on in database 0.
    if (this.#failure !== undefined) {
      this.#refuse(this.#failure);
      return;
    }
    this.#loaded.clear();
    this.#givenUp = undefined;
    if (this.#state !== 'closed') {
      this.#state = 'ready';
      this.#logger.debug(`Connected to Redis at ${this.#server}.`, { connection: this.#name });
      this.#onReady();
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) if (this.#calls.has(call)) this.#send(call);
  }

  #refuse(failure: StoreError): void {
    this.#rejectAll(failure);
    if (this.#state !== 'closed') this.#state = 'down';
    setTimeout(() => this.#redis.stream?.destroy(), RECONNECT.capMs).unref();
  }

  #lost(): void {
    const wasReady = this.#state === 'ready';
    if (wasReady) this.#logger.warn(lostError(this.#server).message, { connection: this.#name });
    // What is lost once may be back at once: only an attempt that fails tells that the server is away.
    if (this.#state !== 'closed') this.#state = wasReady ? 'connecting' : 'down';
    this.#onLost();
    if (wasReady) this.#rejectAll(this.#givenUp ?? interruptedError(this.#server));
    else this.#rejectAll(this.#failure ?? lostError(this.#server));
  }

  #rejectAll(error: StoreError): void {
    this.#waiting = [];
    for (const call of [...this.#calls]) if (this.#settle(call)) call.reject(error);
  }
}

function createClient(address: RedisAddress, name: string, connectTimeout: number): Redis {
  const { host, port, database: db, tls, username, password } = address;
  return new Redis({
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectTimeout,
    connectionName: name,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: null,
    // The ready check needs INFO, CLIENT SETINFO is new in 7.2: users without those rights must get in.
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: (attempt) => backoffDelay(attempt - 1, RECONNECT),
  });
}
