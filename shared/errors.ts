/**
 * The errors that callers act on. Each carries a code to branch on, whether another attempt may succeed,
 * and a sentence that names the cause and the next step. Nobody branches on a message text.
 */

export interface ErrorDetails {
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

export class TailraceError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = details.retryable ?? false;
  }
}

export type StoreErrorCode =
  /** Not reachable, no answer in time, loading, failing over. */
  | 'unavailable'
  /** The connection ended while the call was under way: nobody knows whether it took effect. */
  | 'interrupted'
  /** An error about this call that is none of the others: the store serves, and did nothing. */
  | 'refused'
  /** Refuses writes for want of memory or disk. */
  | 'full'
  /** A replica, or a store switched to read-only. */
  | 'read_only'
  /** User or password are missing or wrong. */
  | 'unauthenticated'
  /** Rights are missing. */
  | 'forbidden'
  /** A key has another type or an entry another shape than tailrace writes. */
  | 'corrupt'
  /** Another process has the embedded store open. */
  | 'locked'
  /** The server is too old. */
  | 'unsupported'
  /** The store was closed by this program. */
  | 'closed';

export class StoreError extends TailraceError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** Bad flags: exit code 2. */
export class UsageError extends TailraceError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('usage', message, details);
  }
}

/** Bad configuration: exit code 78 (`EX_CONFIG` of sysexits.h). The message lists every problem found. */
export class ConfigError extends TailraceError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('config', message, details);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
