/**
 * The keys that tokens are signed and checked with, each bound to one algorithm. Keys are prepared once: a
 * secret given as text makes every check fifty times slower. Never prints what it read.
 */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, messageOf } from '../shared/errors.js';

export const TOKEN_ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** RFC 7518, section 3.2: a key of at least the size of the hash. */
export const SECRET_BYTES_MIN = 32;
/** RFC 7518, section 3.3. */
const RSA_BITS_MIN = 2_048;

export interface TokenKey {
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
  /** The `kid` of its tokens; a key without one is tried for every token. */
  readonly id?: string | undefined;
}

export interface TokenKeyFile {
  readonly algorithm: TokenAlgorithm;
  readonly file: string;
  readonly id?: string | undefined;
}

/** Throws a `ConfigError` that names the file and what is wrong with it. */
export function loadTokenKey({ algorithm, file, id }: TokenKeyFile): TokenKey {
  const content = readKeyFile(file);
  if (algorithm === 'HS256') return { ...secretKey(content, file), id };
  return { algorithm, key: publicKey(content, algorithm, file), id };
}

/** A key from a secret; white space around it is ignored, since editors end a file with a newline. */
export function secretKey(secret: Buffer, origin: string): TokenKey {
  const trimmed = Buffer.from(secret.toString('latin1').trim(), 'latin1');
  if (trimmed.length < SECRET_BYTES_MIN) {
    throw new ConfigError(
      `${origin}: the secret has ${trimmed.length} bytes, HS256 needs at least ${SECRET_BYTES_MIN}; write a new one with \`openssl rand -hex 32\``,
    );
  }
  return { algorithm: 'HS256', key: createSecretKey(trimmed) };
}

function readKeyFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${file}: the key cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function publicKey(pem: Buffer, algorithm: 'RS256' | 'ES256', file: string): KeyObject {
  const key = parsePublicKey(pem, algorithm, file);
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const fits =
    algorithm === 'RS256'
      ? key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN
      : key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
  if (fits) return key;
  const needed = algorithm === 'RS256' ? `an RSA key of at least ${RSA_BITS_MIN} bits` : 'an EC key on P-256';
  throw new ConfigError(`${file}: ${algorithm} needs ${needed}`);
}

function parsePublicKey(pem: Buffer, algorithm: string, file: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new ConfigError(`${file}: is not a public key in PEM, which ${algorithm} needs`, { cause: error });
  }
}
