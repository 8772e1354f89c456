/**
 * Tokens: the claims that a hub understands, how they are signed and how they are checked. The one file that
 * knows jsonwebtoken. A token passes only if one of the keys verifies it with that key's own algorithm and its
 * claims fit the schema here: the library alone accepts a token without an expiry, or with claims of any shape.
 */
import jsonwebtoken from 'jsonwebtoken';
import { z } from 'zod';
import { TailraceError } from '../shared/errors.js';
import { isChannelPattern, TENANT } from '../shared/protocol/channel.js';
import { TOKEN_BYTES_MAX } from '../shared/protocol/limits.js';
import type { TokenKey } from './token-key.js';

export const TOKEN_AUDIENCE = 'tailrace';

/** Patterns that one claim may list; a token is bounded by TOKEN_BYTES_MAX anyway. */
const PATTERNS_MAX = 256;

const patterns = z
  .array(z.string().refine(isChannelPattern, 'is neither a channel name nor a pattern'))
  .max(PATTERNS_MAX)
  .default([]);

export const tokenClaims = z.object({
  tenant: z.string().regex(TENANT, 'is no tenant name'),
  /** Patterns of the channels that its bearer may read, and may write. */
  subscribe: patterns,
  publish: patterns,
  /** Seconds since 1970. */
  exp: z.int().min(1),
  aud: z.union([z.literal(TOKEN_AUDIENCE), z.array(z.string())]),
});

/** What a token allows, once it was checked. */
export interface Grant {
  readonly tenant: string;
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export type TokenFailure = 'missing' | 'malformed' | 'expired' | 'not_yet_valid' | 'not_verified' | 'claims';

/** Why a token was refused; the message may be shown to whoever sent it. */
export class TokenError extends TailraceError {
  declare readonly code: TokenFailure;

  constructor(code: TokenFailure, message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

/** Checks a token at a time given in milliseconds since 1970. Throws a `TokenError`. */
export function verifyToken(token: string, keys: readonly TokenKey[], nowMs: number): Grant {
  if (token.length > TOKEN_BYTES_MAX) throw malformed();
  const { header } = decode(token);
  const candidates = keys.filter(
    ({ algorithm, id }) => algorithm === header.alg && (id === undefined || id === header.kid),
  );
  const clockTimestamp = Math.floor(nowMs / 1000);
  const verified = verifyWithAny(token, candidates, clockTimestamp);
  const claims = tokenClaims.safeParse(verified);
  if (!claims.success) throw badClaims(claims.error);
  const { tenant, subscribe, publish, exp } = claims.data;
  return { tenant, subscribe, publish, expiresAtMs: exp * 1000 };
}

export interface NewToken {
  readonly tenant: string;
  readonly subscribe?: readonly string[];
  readonly publish?: readonly string[];
  readonly ttlMs: number;
}

/** Signs a token that is valid from now on. Throws a `TokenError` for claims that no hub would accept. */
export function createToken(
  { ttlMs, ...rights }: NewToken,
  { algorithm, key, id }: TokenKey,
  nowMs: number,
): string {
  const iat = Math.floor(nowMs / 1000);
  const claims = tokenClaims.safeParse({
    ...rights,
    aud: TOKEN_AUDIENCE,
    exp: Math.ceil((nowMs + ttlMs) / 1000),
  });
  if (!claims.success) throw badClaims(claims.error);
  return jsonwebtoken.sign({ ...claims.data, iat }, key, {
    algorithm,
    ...(id === undefined ? {} : { keyid: id }),
  });
}

/** Header and claims of a token as they are, unchecked: for showing to the person who holds it. */
export function decodeToken(token: string): { readonly header: unknown; readonly claims: unknown } {
  const { header, payload } = decode(token);
  return { header, claims: payload };
}

function decode(token: string): jsonwebtoken.Jwt {
  try {
    const decoded = jsonwebtoken.decode(token, { complete: true });
    if (decoded !== null) return decoded;
  } catch {
    // A token whose parts are not JSON: malformed like any other text.
  }
  throw malformed();
}

function verifyWithAny(token: string, keys: readonly TokenKey[], clockTimestamp: number): unknown {
  let failure = new TokenError('not_verified', 'the token was not signed with a key of this hub');
  for (const { algorithm, key } of keys) {
    try {
      return jsonwebtoken.verify(token, key, {
        algorithms: [algorithm],
        audience: TOKEN_AUDIENCE,
        clockTimestamp,
      });
    } catch (error) {
      failure = preferred(failure, asTokenError(error));
    }
  }
  throw failure;
}

/** With several keys the one that signed the token knows best: any other says only "not verified". */
function preferred(first: TokenError, second: TokenError): TokenError {
  return second.code === 'not_verified' ? first : second;
}

function asTokenError(error: unknown): TokenError {
  if (error instanceof jsonwebtoken.TokenExpiredError) {
    return new TokenError('expired', 'the token has expired; get a new one', error);
  }
  if (error instanceof jsonwebtoken.NotBeforeError) {
    return new TokenError('not_yet_valid', 'the token is not valid yet; compare the clocks', error);
  }
  return new TokenError('not_verified', 'the token was not signed for this hub', error);
}

function malformed(): TokenError {
  return new TokenError('malformed', 'the token is not a JSON Web Token');
}

function badClaims(error: z.ZodError): TokenError {
  const [issue] = error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  return new TokenError('claims', `the token's claim ${where}: ${issue?.message ?? 'is wrong'}`, error);
}
