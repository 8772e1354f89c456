/**
 * Who a client is: finds the token in the ways that a client may show it, and has it checked. Counts refusals
 * by reason. A token never comes from a URL, where proxies would log it.
 */
import { BEARER_SUBPROTOCOL_PREFIX } from '../shared/protocol/messages.js';
import type { Metrics } from './metrics.js';
import type { UpgradeRequest } from './socket.js';
import { type Grant, TokenError, verifyToken } from './token.js';
import type { TokenKey } from './token-key.js';

const BEARER = /^Bearer +([^ ]+) *$/i;

export class Authenticator {
  readonly #keys: readonly TokenKey[];
  readonly #metrics: Metrics;

  constructor(keys: readonly TokenKey[], metrics: Metrics) {
    this.#keys = keys;
    this.#metrics = metrics;
  }

  /** What the token allows at a time in milliseconds since 1970. Throws a `TokenError`. */
  check(token: string, nowMs: number): Grant {
    try {
      return verifyToken(token, this.#keys, nowMs);
    } catch (error) {
      if (error instanceof TokenError) this.#metrics.authFailures.inc({ reason: error.code });
      throw error;
    }
  }
}

/** The token that came with the request for a connection; undefined where the first message will bring it. */
export function tokenOf({ authorization, subprotocols }: UpgradeRequest): string | undefined {
  // A header of another scheme is passed on as it is: it is no token, and its sender should hear that.
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1] ?? authorization;
  const bearer = subprotocols.find((name) => name.startsWith(BEARER_SUBPROTOCOL_PREFIX));
  if (bearer === undefined) return undefined;
  return Buffer.from(bearer.slice(BEARER_SUBPROTOCOL_PREFIX.length), 'base64url').toString('latin1');
}
