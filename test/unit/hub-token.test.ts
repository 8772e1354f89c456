import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { createToken, decodeToken, TokenError, verifyToken } from '../../hub/token.js';
import { loadTokenKey, secretKey, type TokenKey } from '../../hub/token-key.js';
import { temporaryDirectory } from '../support/temporary.js';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const key = secretKey(Buffer.alloc(32, 'k'), 'test');
const rights = { tenant: 'acme', subscribe: ['web/*'], publish: ['db'], ttlMs: HOUR_MS };

const claims = { tenant: 'acme', subscribe: ['web/*'], aud: 'tailrace', exp: NOW_MS / 1000 + 60 };
const sign = (content: object, signer: TokenKey = key, options: jsonwebtoken.SignOptions = {}) =>
  jsonwebtoken.sign(content, signer.key, { algorithm: signer.algorithm, ...options });

function failureOf(token: string, keys: readonly TokenKey[] = [key], nowMs = NOW_MS): string {
  try {
    verifyToken(token, keys, nowMs);
  } catch (error) {
    if (error instanceof TokenError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a token', () => {
  test('grants what it was created with, until it expires', () => {
    const token = createToken(rights, key, NOW_MS);
    expect(verifyToken(token, [key], NOW_MS)).toEqual({
      tenant: 'acme',
      subscribe: ['web/*'],
      publish: ['db'],
      expiresAtMs: NOW_MS + HOUR_MS,
    });
    expect(failureOf(token, [key], NOW_MS + HOUR_MS - 1)).toBe('accepted');
    expect(failureOf(token, [key], NOW_MS + HOUR_MS)).toBe('expired');
  });

  test('of another key, or changed after signing, is refused', () => {
    const other = secretKey(Buffer.alloc(32, 'o'), 'test');
    expect(failureOf(createToken(rights, other, NOW_MS))).toBe('not_verified');
    const [header, , signature] = sign(claims).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, tenant: 'other' })).toString('base64url');
    expect(failureOf(`${header}.${forged}.${signature}`)).toBe('not_verified');
  });

  test.each(['', 'x', 'a.b.c', '{}.{}.{}', 'a'.repeat(10_000)])(
    'that is %j is refused as malformed',
    (text) => {
      expect(failureOf(text)).toBe('malformed');
    },
  );

  test('without a signature is refused', () => {
    expect(failureOf(jsonwebtoken.sign(claims, '', { algorithm: 'none' }))).toBe('not_verified');
  });

  test('with another algorithm of the same secret is refused', () => {
    expect(failureOf(jsonwebtoken.sign(claims, key.key, { algorithm: 'HS512' }))).toBe('not_verified');
  });

  test('before its time is refused', () => {
    expect(failureOf(sign({ ...claims, nbf: NOW_MS / 1000 + 10 }))).toBe('not_yet_valid');
  });

  test.each([
    ['no expiry', { ...claims, exp: undefined }],
    ['no tenant', { ...claims, tenant: undefined }],
    ['a tenant that is no name', { ...claims, tenant: 'Acme/x' }],
    ['rights that are no list', { ...claims, subscribe: '**' }],
    ['rights that are no patterns', { ...claims, subscribe: ['a/**/b'] }],
  ])('with %s is refused', (_what, content) => {
    expect(failureOf(sign(JSON.parse(JSON.stringify(content))))).toBe('claims');
  });

  test.each([undefined, 'other', ['other']])('for the audience %j is refused', (aud) => {
    expect(failureOf(sign(JSON.parse(JSON.stringify({ ...claims, aud }))))).toBe('not_verified');
  });

  test('with nothing granted grants nothing', () => {
    expect(verifyToken(sign({ ...claims, subscribe: undefined }), [key], NOW_MS).subscribe).toEqual([]);
  });

  test('can be shown without being checked', () => {
    expect(decodeToken(sign(claims))).toMatchObject({ header: { alg: 'HS256' }, claims: { tenant: 'acme' } });
  });
});

describe('several keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys: TokenKey[] = [
    key,
    { algorithm: 'RS256', key: rsa.publicKey, id: 'r' },
    { algorithm: 'ES256', key: ec.publicKey },
  ];

  test('each check the tokens of their own algorithm', () => {
    const byRsa = sign(claims, { algorithm: 'RS256', key: rsa.privateKey }, { keyid: 'r' });
    const byEc = sign(claims, { algorithm: 'ES256', key: ec.privateKey });
    expect([byRsa, byEc, sign(claims)].map((token) => failureOf(token, keys))).toEqual(
      Array.from({ length: 3 }, () => 'accepted'),
    );
  });

  test('with an id check only tokens that name it', () => {
    const token = sign(claims, { algorithm: 'RS256', key: rsa.privateKey }, { keyid: 'other' });
    expect(failureOf(token, keys)).toBe('not_verified');
  });

  test('a public key is never taken for a secret', () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const forged = jsonwebtoken.sign(claims, secretKey(Buffer.from(pem), 'test').key, { algorithm: 'HS256' });
    expect(failureOf(forged, keys.slice(1))).toBe('not_verified');
  });
});

describe('a key file', () => {
  const write = async (content: string | Buffer) => {
    const file = join(await temporaryDirectory(), 'key');
    writeFileSync(file, content);
    return file;
  };
  const publicPem = (pair: { publicKey: import('node:crypto').KeyObject }) =>
    pair.publicKey.export({ type: 'spki', format: 'pem' });

  test('of a secret may end with a newline', async () => {
    const file = await write(`${'k'.repeat(32)}\n`);
    expect(failureOf(createToken(rights, loadTokenKey({ algorithm: 'HS256', file }), NOW_MS))).toBe(
      'accepted',
    );
  });

  test('with a secret of less than 256 bits is refused', async () => {
    const file = await write('k'.repeat(31));
    expect(() => loadTokenKey({ algorithm: 'HS256', file })).toThrow(/31 bytes.*at least 32/);
  });

  test('with a key that does not fit the algorithm is refused', async () => {
    const small = await write(publicPem(generateKeyPairSync('rsa', { modulusLength: 1024 })));
    expect(() => loadTokenKey({ algorithm: 'RS256', file: small })).toThrow(/at least 2048 bits/);
    const curve = await write(publicPem(generateKeyPairSync('ec', { namedCurve: 'P-384' })));
    expect(() => loadTokenKey({ algorithm: 'ES256', file: curve })).toThrow(/P-256/);
    const text = await write('not a key');
    expect(() => loadTokenKey({ algorithm: 'RS256', file: text })).toThrow(/not a public key/);
  });

  test('that is not there is named', () => {
    expect(() => loadTokenKey({ algorithm: 'HS256', file: '/nowhere/key' })).toThrow(
      /\/nowhere\/key.*ENOENT/,
    );
  });
});
