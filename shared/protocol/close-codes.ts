/**
 * The one table of WebSocket close codes: the hub closes with them, clients decide by them whether to
 * come back. 1xxx are RFC 6455 and the IANA registry, 4xxx are tailrace's own.
 */

export interface CloseCode {
  readonly code: number;
  readonly name: string;
  /** Whether a client should connect again by itself, with backoff. */
  readonly retry: boolean;
  readonly meaning: string;
}

export const CLOSE_CODES = {
  draining: { code: 1001, name: 'draining', retry: true, meaning: 'the hub is shutting down' },
  messageTooBig: {
    code: 1009,
    name: 'messageTooBig',
    retry: false,
    meaning: 'a message was over the size limit',
  },
  internal: { code: 1011, name: 'internal', retry: true, meaning: 'the hub failed; its log says why' },
  restarting: { code: 1012, name: 'restarting', retry: true, meaning: 'the hub restarts' },
  tryLater: {
    code: 1013,
    name: 'tryLater',
    retry: true,
    meaning: 'the hub cannot serve now; come back later',
  },
  badMessage: { code: 4400, name: 'badMessage', retry: false, meaning: 'a message was not of the protocol' },
  token: { code: 4401, name: 'token', retry: false, meaning: 'the token is missing, invalid or expired' },
  forbidden: {
    code: 4403,
    name: 'forbidden',
    retry: false,
    meaning: 'the token or Origin does not allow this',
  },
  authTimeout: { code: 4408, name: 'authTimeout', retry: false, meaning: 'no token came in time' },
  overLimit: { code: 4413, name: 'overLimit', retry: false, meaning: 'the connection went over a limit' },
  tooMany: { code: 4429, name: 'tooMany', retry: true, meaning: 'too many connections or messages' },
  tooSlow: { code: 4503, name: 'tooSlow', retry: true, meaning: 'the client read nothing for too long' },
} as const satisfies Record<string, CloseCode>;

export type CloseCodeName = keyof typeof CLOSE_CODES;

const BY_NUMBER = new Map<number, CloseCode>(Object.values(CLOSE_CODES).map((entry) => [entry.code, entry]));

export function findCloseCode(code: number): CloseCode | undefined {
  return BY_NUMBER.get(code);
}

/** Codes outside the table (1005, 1006 and others: the network, a proxy) are worth another attempt. */
export function isRetryableClose(code: number): boolean {
  return BY_NUMBER.get(code)?.retry ?? true;
}
