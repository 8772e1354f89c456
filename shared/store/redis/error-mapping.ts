/**
 * From what Redis, ioredis and the network say to a `StoreError`: the only place that looks at foreign error
 * texts. Every message is a sentence with the server, the cause and the next step.
 */
import { messageOf, StoreError, type StoreErrorCode } from '../../errors.js';

interface Rule {
  readonly pattern: RegExp;
  readonly code: StoreErrorCode;
  readonly retryable: boolean;
  readonly sentence: string;
}

/** The first that matches holds. READONLY is looked for anywhere, since proxies and scripts wrap it. */
const RULES: readonly Rule[] = [
  {
    pattern: /READONLY/,
    code: 'read_only',
    retryable: true,
    sentence: 'accepts no writes, it is a replica: point tailrace at the primary, or wait for the failover.',
  },
  {
    pattern: /^OOM\b/,
    code: 'full',
    retryable: true,
    sentence: 'has reached its maxmemory: raise it, or lower the retention.',
  },
  {
    pattern: /^MISCONF\b/,
    code: 'full',
    retryable: true,
    sentence: 'cannot write to its disk: free space there and look into its log.',
  },
  {
    pattern: /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MOVED|ASK)\b|max number of clients/,
    code: 'unavailable',
    retryable: true,
    sentence: 'cannot serve at the moment: it works again when it has loaded, recovered or been freed.',
  },
  {
    pattern: /^(NOAUTH|WRONGPASS)\b|\bAUTH\b/,
    code: 'unauthenticated',
    retryable: false,
    sentence: 'refuses the credentials: correct user and password in the Redis URL, or as redis.password.',
  },
  {
    pattern: /^NOPERM\b|user executing the script/,
    code: 'forbidden',
    retryable: false,
    sentence: 'denies this user a command, key or channel: extend its ACL rules.',
  },
  {
    pattern: /^(WRONGTYPE|CORRUPT)\b/,
    code: 'corrupt',
    retryable: false,
    sentence:
      'holds data under a tailrace key that tailrace did not write: remove it, or set another key prefix.',
  },
  {
    pattern: /compiling script|unknown command|unknown subcommand|Unknown Redis command/i,
    code: 'unsupported',
    retryable: false,
    sentence: 'lacks what tailrace needs: run Redis 7.0 or newer, or Valkey.',
  },
  {
    pattern: /DB index is out of range|SELECT is not allowed/,
    code: 'unsupported',
    retryable: false,
    sentence: 'has no such database: correct the number at the end of the Redis URL.',
  },
];

/** What came back, or lies in Redis, is nothing that tailrace writes. `what` completes "found no …". */
export class MalformedReply extends Error {
  constructor(what: string) {
    super(`CORRUPT found no ${what}`);
  }
}

/** `server` is the label of its address. A `StoreError` passes through unchanged. */
export function toStoreError(error: unknown, server: string): StoreError {
  if (error instanceof StoreError) return error;
  dropCommand(error);
  const text = serverText(error);
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  if (rule !== undefined) {
    const { code, retryable, sentence } = rule;
    return new StoreError(code, `Redis at ${server} ${sentence} It said: ${text}`, {
      retryable,
      cause: error,
    });
  }
  if (isReply(error)) {
    const message = `Redis at ${server} answered with an error: look into its log. It said: ${text}`;
    return new StoreError('refused', message, { retryable: true, cause: error });
  }
  const message = `Redis at ${server} cannot be reached (${networkText(error)}): start it, or correct the Redis URL.`;
  return new StoreError('unavailable', message, { retryable: true, cause: error });
}

/** For what went wrong with a connection: that concerns every call on it, so that none was refused alone. */
export function toConnectionError(error: unknown, server: string): StoreError {
  const { code, message, retryable, cause } = toStoreError(error, server);
  return new StoreError(code === 'refused' ? 'unavailable' : code, message, { retryable, cause });
}

/** A script is not in the server's cache: after a restart, a failover or SCRIPT FLUSH. */
export function isMissingScript(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('NOSCRIPT');
}

export function deadlineError(server: string, deadlineMs: number): StoreError {
  const message = `Redis at ${server} did not answer within ${deadlineMs} ms: see whether it or the network is stuck.`;
  return new StoreError('unavailable', message, { retryable: true });
}

export function lostError(server: string): StoreError {
  const message = `The connection to Redis at ${server} was lost: it is made anew, see whether the server restarted.`;
  return new StoreError('unavailable', message, { retryable: true });
}

/** For a call that was sent. The network's error, where there is one, is no help: it says only `ECONNRESET`. */
export function interruptedError(server: string): StoreError {
  const message = `Redis at ${server} closed the connection in the middle of a call: it is made anew, see whether the server restarted.`;
  return new StoreError('interrupted', message, { retryable: true });
}

export function closedError(server: string): StoreError {
  return new StoreError('closed', `The connection to Redis at ${server} was closed by this program.`);
}

/**
 * ioredis hangs the command on its errors, and so the password of a handshake or the lines of an append. A
 * cause may be logged; those must not be.
 */
function dropCommand(error: unknown): void {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** A script's error ends with where it was raised, which helps nobody outside. */
function serverText(error: unknown): string {
  return messageOf(error).replace(/ script: [0-9a-f]{40}, on .*$/s, '');
}

/** A failed connection to several addresses of one name has an empty message and its causes inside. */
function networkText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}
