/** What a token says and what is wrong with it, for the person who holds it. Pure: key and time are passed in. */

import { decodeToken, TokenError, tokenClaims, verifyToken } from '../hub/token.js';
import type { TokenKey } from '../hub/token-key.js';
import { momentInWords } from './time-in-words.js';

export interface TokenInspection {
  /** What to show, name and text. */
  readonly rows: readonly (readonly [name: string, text: string])[];
  /** Why a hub would refuse the token; all reasons, where the hub itself says only the first. */
  readonly problems: readonly string[];
}

/** Without a key the signature is not judged. Throws a `TokenError` for what is no token at all. */
export function inspectToken(token: string, key: TokenKey | undefined, nowMs: number): TokenInspection {
  const { header, claims } = decodeToken(token);
  const signature = key === undefined ? undefined : checkSignature(token, key, nowMs);
  return {
    rows: [
      ...entries(header).filter(([name]) => name !== 'typ'),
      ...entries(claims),
      ['signature', signature === undefined ? 'not checked: give --secret-file' : signature],
    ].map(([name, value]) => [name, explain(name, value, nowMs)] as const),
    problems: [
      ...claimProblems(claims),
      ...expiryProblems(claims, nowMs),
      ...(signature === NOT_VERIFIED ? ['the token was not signed for this hub with this secret'] : []),
    ],
  };
}

const VERIFIED = 'verified';
const NOT_VERIFIED = 'NOT verified';

/** Claims and expiry are looked at only after the signature, so their refusal means that it is right. */
function checkSignature(token: string, key: TokenKey, nowMs: number): string {
  try {
    verifyToken(token, [key], nowMs);
    return VERIFIED;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return error.code === 'not_verified' ? NOT_VERIFIED : VERIFIED;
  }
}

function claimProblems(claims: unknown): string[] {
  const issues = tokenClaims.safeParse(claims).error?.issues ?? [];
  return issues.map(({ path, message }) => `the claim ${path.map(String).join('.')}: ${message}`);
}

function expiryProblems(claims: unknown, nowMs: number): string[] {
  const { exp, nbf } = (claims ?? {}) as Readonly<Record<string, unknown>>;
  return [
    ...(typeof exp === 'number' && exp * 1000 <= nowMs ? ['the token has expired; get a new one'] : []),
    ...(typeof nbf === 'number' && nbf * 1000 > nowMs
      ? ['the token is not valid yet; compare the clocks']
      : []),
  ];
}

const MOMENTS = new Set(['exp', 'iat', 'nbf']);

function explain(name: string, value: unknown, nowMs: number): string {
  if (MOMENTS.has(name) && typeof value === 'number') return momentInWords(value * 1000, nowMs);
  if (Array.isArray(value)) return value.length === 0 ? '(nothing)' : value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
