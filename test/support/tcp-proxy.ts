/**
 * A TCP proxy that can misbehave like a network: lose what a server answers, or fall silent without closing
 * anything. A connection keeps the behaviour; the next one is served well unless told otherwise.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #targetPort: number;
  /** Connections accepted so far. */
  accepted = 0;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#join(client));
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What the server says next on today's connections is lost, and they are closed with it. */
  loseNextReply(): void {
    for (const { client, upstream } of this.#pairs) {
      upstream.unpipe(client);
      upstream.once('data', () => client.destroy()).resume();
    }
  }

  /** Today's connections stay open, and nothing passes any more in either direction. */
  fallSilent(): void {
    for (const { client, upstream } of this.#pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.resume();
    }
  }

  /** Today's connections are cut, and the next ones go to another server: what a failover looks like. */
  switchTo(targetPort: number): void {
    this.#targetPort = targetPort;
    this.#cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  #join(client: Socket): void {
    this.accepted += 1;
    const upstream = connect(this.#targetPort, '127.0.0.1');
    const pair = { client, upstream };
    this.#pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}

export async function startProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new TcpProxy(targetPort);
  await proxy.start();
  return proxy;
}
