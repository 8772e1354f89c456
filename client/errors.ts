/**
 * Why a client or one of its subscriptions ended for good. Everything that another attempt may heal is not
 * here: the client makes that attempt itself and tells of it by a notice.
 */
import { TailraceError } from '../shared/errors.js';
import { type CloseCodeName, type ErrorCode, findCloseCode } from '../shared/protocol/index.js';

export type ClientErrorCode =
  /** The URL is none of a hub. */
  | 'bad_url'
  /** The server at the URL answered, but not as a hub. */
  | 'not_a_hub'
  /** No connection within the attempts that were allowed. */
  | 'unreachable'
  /** The hub closed the connection with a code that forbids another attempt. */
  | CloseCodeName
  /** The hub refused a subscription. */
  | ErrorCode
  /** The hub sent lines out of sequence, again and again. */
  | 'continuity'
  /** Two reads of one subscription at a time. */
  | 'concurrent_read'
  /** The client was closed by this program. */
  | 'closed';

export interface ClientErrorDetails {
  readonly closeCode?: number;
  readonly channel?: string;
  readonly cause?: unknown;
}

export class ClientError extends TailraceError {
  declare readonly code: ClientErrorCode;
  /** The WebSocket close code that led here, if one did. */
  readonly closeCode: number | undefined;
  /** The channel or pattern of the subscription that ended, if not the whole client did. */
  readonly channel: string | undefined;

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(code, message, details.cause === undefined ? {} : { cause: details.cause });
    this.closeCode = details.closeCode;
    this.channel = details.channel;
  }
}

const NEXT_STEPS: Readonly<Partial<Record<CloseCodeName, string>>> = {
  messageTooBig: 'subscribe with fewer cursors in one request',
  badMessage: 'use a client of the same version as the hub',
  token: 'get a fresh token, or connect with a function that does',
  forbidden: 'ask for a token with more rights, or have this Origin allowed by the hub',
  authTimeout: 'look for what delays messages between client and hub',
  overLimit: 'ask for less at a time, or raise the limits of the hub',
};

/** For a close code that is not to be answered by another attempt. */
export function closedForGood(closeCode: number, reason: string, cause?: unknown): ClientError {
  const entry = findCloseCode(closeCode);
  const name = (entry?.name ?? 'internal') as CloseCodeName;
  const what = reason === '' ? (entry?.meaning ?? 'no reason given') : reason;
  const next = NEXT_STEPS[name] ?? 'see the log of the hub';
  return new ClientError(
    name,
    `The hub closed the connection with ${closeCode} (${name}): ${what}. Next: ${next}.`,
    {
      closeCode,
      cause,
    },
  );
}
