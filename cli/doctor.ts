/** `tailrace doctor`: looks at everything that tailrace needs and says what to do about what is missing. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Finding } from './checks/finding.js';
import { checkFiles, checkInotify } from './checks/host.js';
import { checkRedis } from './checks/redis.js';
import { checkToken } from './checks/token.js';
import { EXIT, type Shell } from './shell.js';

export interface DoctorFlags {
  readonly redis?: string;
  readonly secretFile?: string;
  readonly token?: string;
}

export async function doctor(files: string[], flags: DoctorFlags, { env, stdout }: Shell): Promise<number> {
  const findings = [
    ...(await checkRedis(flags.redis ?? notEmpty(env['TAILRACE_REDIS_URL']))),
    ...checkInotify(),
    ...checkFiles(files),
    ...checkToken({
      token: flags.token ?? notEmpty(env['TAILRACE_TOKEN']),
      secretFile: flags.secretFile ?? notEmpty(env['TAILRACE_SECRET_FILE']),
      nowMs: Date.now(),
    }),
  ];
  for (const finding of findings) stdout.write(row(finding, stdout));
  return findings.some(({ level }) => level === 'fail') ? EXIT.failure : EXIT.ok;
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;

function row({ level, subject, text }: Finding, stream: Writable): string {
  return `${styleText(COLOURS[level], level.padEnd(4), { stream })}  ${subject.padEnd(11)}  ${text}\n`;
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
