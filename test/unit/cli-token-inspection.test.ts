import { describe, expect, test } from 'vitest';
import { inspectToken } from '../../cli/token-inspection.js';
import { createToken } from '../../hub/token.js';
import { secretKey } from '../../hub/token-key.js';

const NOW_MS = Date.UTC(2026, 2, 1, 12);
const HOUR_MS = 3_600_000;
const key = secretKey(Buffer.from('s'.repeat(32)), 'a test');
const otherKey = secretKey(Buffer.from('o'.repeat(32)), 'a test');
const token = createToken({ tenant: 'acme', subscribe: ['web/**'], ttlMs: 2 * HOUR_MS }, key, NOW_MS);

function rowsOf(...args: Parameters<typeof inspectToken>): Record<string, string> {
  return Object.fromEntries(inspectToken(...args).rows);
}

function unsigned(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

describe('a token', () => {
  test('is shown with its rights and its end in words', () => {
    const rows = rowsOf(token, key, NOW_MS);
    expect(rows).toMatchObject({ alg: 'HS256', tenant: 'acme', subscribe: 'web/**', publish: '(nothing)' });
    expect(rows['exp']).toBe('2026-03-01T14:00:00.000Z (in 2 hours)');
    expect(rows['signature']).toBe('verified');
  });

  test('of another secret is not verified', () => {
    expect(rowsOf(token, otherKey, NOW_MS)['signature']).toBe('NOT verified');
    expect(inspectToken(token, otherKey, NOW_MS).problems).toHaveLength(1);
  });

  test('is not judged by its signature without a secret', () => {
    expect(rowsOf(token, undefined, NOW_MS)['signature']).toContain('--secret-file');
    expect(inspectToken(token, undefined, NOW_MS).problems).toEqual([]);
  });

  test('that has expired is verified all the same, and a problem', () => {
    const later = NOW_MS + 3 * HOUR_MS;
    expect(rowsOf(token, key, later)['signature']).toBe('verified');
    expect(rowsOf(token, key, later)['exp']).toContain('1 hour ago');
    expect(inspectToken(token, key, later).problems).toEqual(['the token has expired; get a new one']);
  });

  test('has every problem of its claims listed', () => {
    const { problems } = inspectToken(unsigned({ tenant: 'Not Good', subscribe: ['a//b'] }), key, NOW_MS);
    const text = problems.join('\n');
    expect(text).toContain('claim tenant');
    expect(text).toContain('claim subscribe.0');
    expect(text).toContain('claim exp');
    expect(text).toContain('claim aud');
  });

  test('that is none at all is refused', () => {
    expect(() => inspectToken('not.a.token', undefined, NOW_MS)).toThrow('not a JSON Web Token');
  });
});
