/**
 * Names of everything that tailrace keeps in Redis, in one place; nobody else builds a key.
 *
 * Per channel, with a hash tag of its own, so that a cluster spreads a tenant's channels and one ACL pattern
 * (`tailrace:{acme/*`) covers them:
 *
 *   log        stream, one entry per batch: s source, f from, t to, n lines, q seq, e encoding,
 *              c indexes of cut lines joined by commas (only where there are any), p payload
 *   positions  hash: source -> `<offset> <seq of its last stored line, 0 for none> <mark>`
 *   sources    hash: source -> description as JSON
 *   meta       hash: epoch, next (seq), bytes (payload bytes in the log), last (id of the newest entry)
 *   doorbell   shard channel, rung by every append
 *
 * Per tenant: channels (set of names) and a doorbell that rings when a name is new.
 */
import { type ChannelId, channelKey } from '../../protocol/channel.js';

export const DEFAULT_KEY_PREFIX = 'tailrace:';

export interface ChannelKeys {
  readonly log: string;
  readonly positions: string;
  readonly sources: string;
  readonly meta: string;
  readonly doorbell: string;
}

export interface TenantKeys {
  readonly channels: string;
  readonly doorbell: string;
}

/** `prefix` must not hold braces: they would take the place of the hash tag. */
export function keysOfChannel(prefix: string, id: ChannelId): ChannelKeys {
  const base = `${prefix}{${channelKey(id)}}`;
  return {
    log: `${base}:log`,
    positions: `${base}:positions`,
    sources: `${base}:sources`,
    meta: `${base}:meta`,
    doorbell: `${base}:doorbell`,
  };
}

export function keysOfTenant(prefix: string, tenant: string): TenantKeys {
  const base = `${prefix}{${tenant}}`;
  return { channels: `${base}:channels`, doorbell: `${base}:doorbell` };
}
