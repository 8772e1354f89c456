/** `tailrace doctor`: looks at everything that tailrace needs and says what to do about what is missing. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { agentConfig } from '../agent/config/config.js';
import { printable } from '../shared/printable.js';
import { readAgentSettings } from './agent-settings.js';
import { checkFiles } from './checks/files.js';
import type { Finding } from './checks/finding.js';
import { checkInotify } from './checks/host.js';
import { checkRedis } from './checks/redis.js';
import { checkToken } from './checks/token.js';
import { EXIT, type Shell } from './shell.js';

export interface DoctorFlags {
  /** Of an agent, whose Redis and sources are checked. */
  readonly config?: string;
  readonly redis?: string;
  readonly secretFile?: string;
  readonly token?: string;
}

export async function doctor(files: string[], flags: DoctorFlags, shell: Shell): Promise<number> {
  const { env, stdout } = shell;
  const findings = [
    ...(await checkAgent(files, flags, shell)),
    ...checkToken({
      token: flags.token ?? notEmpty(env['TAILRACE_TOKEN']),
      secretFile: flags.secretFile ?? notEmpty(env['TAILRACE_SECRET_FILE']),
      nowMs: Date.now(),
    }),
  ];
  for (const finding of findings) stdout.write(row(finding, stdout));
  return findings.some(({ level }) => level === 'fail') ? EXIT.failure : EXIT.ok;
}

/** What an agent of these settings, or one that reads these files, needs of Redis and of this host. */
async function checkAgent(files: string[], { config, redis }: DoctorFlags, shell: Shell): Promise<Finding[]> {
  const { env } = shell;
  if (config === undefined) {
    const url = redis ?? notEmpty(env['TAILRACE_REDIS_URL']);
    return [...(await checkRedis(url)), ...checkInotify(), ...checkNamed(files)];
  }
  const settings = readAgentSettings(files, { config, ...(redis !== undefined && { redis }) }, shell);
  const options = { searchPath: env['PATH'], names: files };
  return [
    ...(await checkRedis(settings.redis.url, settings.redis)),
    ...checkInotify(),
    ...checkFiles(settings, options),
  ];
}

/** Each by itself: that one names what another one names too is nothing to tell. */
function checkNamed(files: readonly string[]): Finding[] {
  if (files.length === 0) return checkFiles(undefined);
  return files.flatMap((file) => {
    const settings = agentConfig.parse({ tenant: 'any', sources: [{ include: [file] }] });
    return checkFiles(settings, { names: files });
  });
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;

function row({ level, subject, text }: Finding, stream: Writable): string {
  return `${styleText(COLOURS[level], level.padEnd(4), { stream })}  ${subject.padEnd(11)}  ${printable(text)}\n`;
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
