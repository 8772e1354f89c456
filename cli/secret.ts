/**
 * The file with the secret that signs and verifies tokens: where it comes from, and that only its owner reads
 * it. The secret itself stays inside its key and is never part of a message.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { loadTokenKey, type TokenKey } from '../hub/token-key.js';
import { ConfigError } from '../shared/errors.js';

const SECRET_BYTES = 48;

/** Throws a `ConfigError` where the file is missing, unreadable or too short to be safe. */
export function loadSecret(file: string): TokenKey {
  requireSecretFile(file);
  return loadTokenKey({ algorithm: 'HS256', file });
}

export function requireSecretFile(file: string): void {
  if (existsSync(file)) return;
  throw new ConfigError(
    `there is no secret in ${file}: create one with \`openssl rand -base64 48 > ${file} && chmod 600 ${file}\``,
  );
}

/** The secret in the file, which is made first where there is none. */
export function provideSecret(file: string): TokenKey {
  try {
    const secret = randomBytes(SECRET_BYTES).toString('base64');
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return loadSecret(file);
}

/** Whether others than the owner may read the file: they could sign tokens for every tenant. */
export function isExposed(file: string): boolean {
  return (statSync(file).mode & 0o077) !== 0;
}
