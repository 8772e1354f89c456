/** Doorbells inside one process. They ring after the commit and never inside a caller's call. */
import { type ChannelId, channelKey } from '../../protocol/channel.js';
import type { DoorbellListener } from '../log-store.js';

export class Doorbells {
  readonly #channels = new Set<string>();
  readonly #tenants = new Set<string>();
  #listener: DoorbellListener | undefined;

  listen(listener: DoorbellListener): void {
    this.#listener = listener;
  }

  watchChannel(id: ChannelId): void {
    this.#channels.add(channelKey(id));
  }

  unwatchChannel(id: ChannelId): void {
    this.#channels.delete(channelKey(id));
  }

  watchTenant(tenant: string): void {
    this.#tenants.add(tenant);
  }

  unwatchTenant(tenant: string): void {
    this.#tenants.delete(tenant);
  }

  ring(channels: Iterable<ChannelId>, tenants: Iterable<string>): void {
    for (const id of channels) {
      if (this.#channels.has(channelKey(id))) setImmediate(() => this.#listener?.onChannel(id));
    }
    for (const tenant of tenants) {
      if (this.#tenants.has(tenant)) setImmediate(() => this.#listener?.onTenant(tenant));
    }
  }

  close(): void {
    this.#listener = undefined;
  }
}
