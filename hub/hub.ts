/**
 * A hub: wires the server, the connections and the feeds together, and owns the clock that drives them. It
 * holds no state that matters: any number of hubs serve one store. The reader belongs to whoever opened it.
 */

import { TailraceError } from '../shared/errors.js';
import { urlHost } from '../shared/listen-address.js';
import type { Logger } from '../shared/logger.js';
import { CLOSE_CODES } from '../shared/protocol/close-codes.js';
import { SUBPROTOCOL, WEBSOCKET_PATH } from '../shared/protocol/messages.js';
import type { LogReader } from '../shared/store/log-store.js';
import { Authenticator, tokenOf } from './authenticator.js';
import type { HubSettings } from './config.js';
import { Connection, type ConnectionContext } from './connection.js';
import { Connections } from './connections.js';
import { Directories } from './directory.js';
import { Feeds } from './feeds.js';
import { FrameBudget } from './frame-chain.js';
import { Metrics } from './metrics.js';
import { isOriginAllowed } from './origin.js';
import { HubServer } from './server.js';
import type { Socket, UpgradeRequest } from './socket.js';
import { StoreHealth } from './store-health.js';
import { WebSocketAcceptor } from './websocket.js';

/** How late a deadline of a connection may be noticed. */
const TICK_MS = 250;

export interface HubDependencies {
  readonly reader: LogReader;
  readonly logger: Logger;
}

export interface Hub {
  /** Rejects with a `TailraceError` where the address cannot be taken. The store need not be there yet. */
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** Closes all connections with 1001 and resolves when they are gone, within the drain timeout. */
  stop(): Promise<void>;
}

export function createHub(settings: HubSettings, dependencies: HubDependencies): Hub {
  return new HubEngine(settings, dependencies);
}

class HubEngine implements Hub {
  readonly #settings: HubSettings;
  readonly #reader: LogReader;
  readonly #logger: Logger;
  readonly #metrics = new Metrics();
  readonly #connections: Connections;
  readonly #budget: FrameBudget;
  readonly #feeds: Feeds;
  readonly #directories: Directories;
  readonly #server: HubServer;
  readonly #context: ConnectionContext;
  readonly #timers: NodeJS.Timeout[] = [];
  #connectionsEver = 0;
  #ping: Promise<void> | undefined;
  #isDraining = false;

  constructor(settings: HubSettings, { reader, logger }: HubDependencies) {
    const { limits, timeouts } = settings;
    this.#settings = settings;
    this.#reader = reader;
    this.#logger = logger;
    this.#connections = new Connections(limits);
    this.#budget = new FrameBudget(limits.framesBytesMax);
    const health = new StoreHealth(logger, this.#metrics, () => this.#connections.tellOutage());
    const store = { reader, health, logger };
    this.#feeds = new Feeds({ ...store, budget: this.#budget, ...limits }, timeouts.feedLingerMs);
    this.#directories = new Directories(reader, health);
    this.#context = this.#createContext(health);
    const acceptor = new WebSocketAcceptor((socket, request) => this.#accept(socket, request));
    this.#server = new HubServer({
      checkReady: () => this.#checkReady(),
      metrics: this.#metrics,
      upgrade: (request, stream, head) => acceptor.upgrade(request, stream, head),
    });
    this.#watchMetrics();
  }

  async start(): Promise<{ url: string; port: number }> {
    const { host, port } = this.#settings.listen;
    const actualPort = await this.#server.listen(host, port);
    // Only with the address in hand: to listen here ends whoever listened to this reader before.
    this.#reader.listen({
      onChannel: (id) => this.#feeds.ring(id),
      onTenant: (tenant) => this.#directories.ring(tenant),
      onLost: () => this.#lookAtAll(),
    });
    this.#startClocks();
    return { url: `ws://${urlHost(host)}:${actualPort}${WEBSOCKET_PATH}`, port: actualPort };
  }

  async stop(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { drainTimeoutMs } = this.#settings.timeouts;
    const closed = this.#server.close();
    await this.#connections.drain(
      CLOSE_CODES.draining,
      'the hub is shutting down; resume by cursor',
      drainTimeoutMs,
    );
    await closed;
    for (const timer of this.#timers) clearInterval(timer);
    this.#feeds.close();
    this.#directories.close();
  }

  #createContext(health: StoreHealth): ConnectionContext {
    const { limits, timeouts, keys } = this.#settings;
    return {
      reader: this.#reader,
      feeds: this.#feeds,
      directories: this.#directories,
      health,
      metrics: this.#metrics,
      subscriptionsMax: limits.subscriptionsMax,
      channelsMax: limits.channelsMax,
      authenticator: new Authenticator(keys, this.#metrics),
      limits,
      timeouts,
      logger: this.#logger,
      now: Date.now,
      admitMessage: (connection) => this.#connections.admitMessage(connection),
      admitTenant: (tenant) => this.#connections.admitTenant(tenant),
      closed: (connection) => this.#connections.delete(connection),
    };
  }

  /** Refusals come after the handshake: of a refused handshake a browser shows its page no more than 1006. */
  #accept(socket: Socket, request: UpgradeRequest): Connection {
    this.#connectionsEver += 1;
    const connection = new Connection(this.#connectionsEver, socket, this.#context);
    const token = tokenOf(request);
    const problem = this.#connections.add(connection, token !== undefined);
    const policy = { allowedOrigins: this.#settings.allowedOrigins, host: this.#settings.listen.host };
    if (this.#isDraining) connection.close(CLOSE_CODES.draining, 'the hub is shutting down');
    else if (problem !== undefined) connection.close(CLOSE_CODES.tooMany, problem);
    else if (!isOriginAllowed(request.origin, policy)) this.#refuseOrigin(connection);
    else if (offersOnlyOthers(request))
      connection.close(CLOSE_CODES.badMessage, `offer the subprotocol ${SUBPROTOCOL}`);
    else if (token !== undefined) connection.authenticate(token);
    return connection;
  }

  #refuseOrigin(connection: Connection): void {
    this.#metrics.authFailures.inc({ reason: 'origin' });
    connection.close(CLOSE_CODES.forbidden, 'pages of this Origin may not connect; see allowed_origins');
  }

  async #checkReady(): Promise<void> {
    if (this.#isDraining) throw new TailraceError('draining', 'the hub is shutting down');
    // Anybody may ask, as often as they like: one question to the store at a time.
    this.#ping ??= this.#pingStore().finally(() => {
      this.#ping = undefined;
    });
    await this.#ping;
  }

  async #pingStore(): Promise<void> {
    const { health } = this.#context;
    try {
      await this.#reader.ping();
      health.succeeded();
    } catch (error) {
      health.failed(error, 'asking the store whether it serves');
      // The cause names addresses that are nobody's business: it is in the log.
      throw new TailraceError('not_ready', 'the log store does not serve; the log of the hub says why');
    }
  }

  #lookAtAll(): void {
    this.#feeds.ringAll();
    this.#directories.ringAll();
  }

  #startClocks(): void {
    const { sweepIntervalMs } = this.#settings.timeouts;
    this.#timers.push(
      setInterval(() => this.#connections.tick(Date.now()), TICK_MS),
      setInterval(() => this.#sweep(), sweepIntervalMs),
    );
  }

  #sweep(): void {
    void this.#feeds.sweep(Date.now());
    this.#directories.sweep();
  }

  #watchMetrics(): void {
    this.#metrics.watch({
      connections: () => this.#connections.size,
      subscriptions: () => this.#connections.channels,
      feeds: () => this.#feeds.size,
      frameBytes: () => this.#budget.bytes,
    });
  }
}

function offersOnlyOthers({ subprotocols }: UpgradeRequest): boolean {
  return subprotocols.length > 0 && !subprotocols.includes(SUBPROTOCOL);
}
