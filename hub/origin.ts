/**
 * Which web pages may connect. Pure. Only browsers send an Origin header, and there it cannot be forged by a
 * page; a token is needed in any case, so this is the second wall, not the first.
 */
import { isLoopback } from '../shared/listen-address.js';

export interface OriginPolicy {
  readonly allowedOrigins: readonly string[];
  /** The address that the hub listens on. */
  readonly host: string;
}

/** `origin` is the header as it came; undefined where there was none. */
export function isOriginAllowed(origin: string | undefined, { allowedOrigins, host }: OriginPolicy): boolean {
  if (origin === undefined || allowedOrigins.includes('*')) return true;
  if (allowedOrigins.includes(origin)) return true;
  // The name must be a loopback one: a page of any site can make its own name resolve to 127.0.0.1.
  return isLoopback(host) && URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
