/** Whether a token would be taken, and whether the secret is kept safe. */
import { TokenError } from '../../hub/token.js';
import { ConfigError } from '../../shared/errors.js';
import { isExposed, loadSecret } from '../secret.js';
import { inspectToken } from '../token-inspection.js';
import type { Finding } from './finding.js';

export interface TokenCheckOptions {
  readonly token: string | undefined;
  readonly secretFile: string | undefined;
  readonly nowMs: number;
}

export function checkToken({ token, secretFile, nowMs }: TokenCheckOptions): Finding[] {
  const secret = secretFile === undefined ? undefined : checkSecret(secretFile);
  const findings = secret === undefined ? [] : [secret];
  if (token === undefined) {
    const text = 'give --token or TAILRACE_TOKEN to check one';
    return [...findings, { level: 'skip', subject: 'token', text }];
  }
  const usable = secret?.level === 'fail' ? undefined : secretFile;
  return [...findings, ...judgeToken(token, usable, nowMs)];
}

function checkSecret(file: string): Finding {
  const subject = 'secret';
  try {
    loadSecret(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { level: 'fail', subject, text: error.message };
  }
  if (!isExposed(file)) return { level: 'ok', subject, text: `${file} is for its owner only` };
  return {
    level: 'warn',
    subject,
    text: `others than its owner may read ${file}: run \`chmod 600 ${file}\``,
  };
}

function judgeToken(token: string, secretFile: string | undefined, nowMs: number): Finding[] {
  const subject = 'token';
  try {
    const key = secretFile === undefined ? undefined : loadSecret(secretFile);
    const { problems } = inspectToken(token, key, nowMs);
    if (problems.length > 0) return problems.map((text) => ({ level: 'fail', subject, text }));
    const text = key === undefined ? 'is well-formed; give --secret-file to check its signature' : 'is valid';
    return [{ level: 'ok', subject, text }];
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return [{ level: 'fail', subject, text: error.message }];
  }
}
