/**
 * All connections of a hub and the bounds on their numbers. Drives their deadlines with one clock for all,
 * because a timer for each would cost every idle connection memory.
 */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { CloseCode } from '../shared/protocol/close-codes.js';
import { withResolvers } from '../shared/with-resolvers.js';
import type { HubLimits } from './config.js';
import type { Connection } from './connection.js';

export class Connections {
  readonly #limits: HubLimits;
  readonly #all = new Set<Connection>();
  readonly #perTenant = new Map<string, number>();
  readonly #rate: RateLimiterMemory;
  #withoutToken = 0;
  #onEmpty: (() => void) | undefined;

  constructor(limits: HubLimits) {
    this.#limits = limits;
    this.#rate = new RateLimiterMemory({ points: limits.messagesPerSecondMax, duration: 1 });
  }

  get size(): number {
    return this.#all.size;
  }

  get channels(): number {
    let channels = 0;
    for (const connection of this.#all) channels += connection.channels;
    return channels;
  }

  /**
   * Returns why one more connection cannot be kept, as a sentence for its client. One that shows its token at
   * once is not turned away for those who show none.
   */
  add(connection: Connection, showsToken: boolean): string | undefined {
    const isFull = this.#all.size >= this.#limits.connectionsMax;
    this.#all.add(connection);
    this.#withoutToken += 1;
    if (isFull) return 'the hub has too many connections';
    if (!showsToken && this.#withoutToken > this.#limits.connectionsWithoutTokenMax) {
      return 'the hub waits for the tokens of too many connections';
    }
    return undefined;
  }

  /** Whether one more connection of a tenant fits; then it counts until it is deleted. */
  admitTenant(tenant: string): boolean {
    const count = this.#perTenant.get(tenant) ?? 0;
    if (count >= this.#limits.connectionsPerTenantMax) return false;
    this.#perTenant.set(tenant, count + 1);
    this.#withoutToken -= 1;
    return true;
  }

  /** Resolves where one more message of a connection is within the rate, else rejects. */
  admitMessage(connection: Connection): Promise<unknown> {
    return this.#rate.consume(connection.id);
  }

  delete(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    if (connection.tenant === undefined) this.#withoutToken -= 1;
    else this.#leave(connection.tenant);
    if (this.#all.size === 0) this.#onEmpty?.();
  }

  tick(nowMs: number): void {
    for (const connection of this.#all) connection.tick(nowMs);
  }

  tellOutage(): void {
    for (const connection of this.#all) connection.tellOutage();
  }

  /** Closes all and resolves when the last is gone, at the latest after `timeoutMs` by cutting them off. */
  async drain(code: CloseCode, reason: string, timeoutMs: number): Promise<void> {
    for (const connection of this.#all) connection.close(code, reason);
    if (this.#all.size === 0) return;
    const { promise, resolve } = withResolvers();
    this.#onEmpty = resolve;
    const timer = setTimeout(() => this.#cut(), timeoutMs);
    await promise;
    clearTimeout(timer);
  }

  #cut(): void {
    for (const connection of this.#all) connection.terminate();
  }

  #leave(tenant: string): void {
    const count = (this.#perTenant.get(tenant) ?? 1) - 1;
    if (count === 0) this.#perTenant.delete(tenant);
    else this.#perTenant.set(tenant, count);
  }
}
