/** `tailrace doctor`: looks at everything that tailrace needs and says what to do about what is missing. */
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { Finding } from './checks/finding.js';
import { checkFiles, checkInotify } from './checks/host.js';
import { checkRedis } from './checks/redis.js';
import { checkToken } from './checks/token.js';
import { EXIT, type Run, type Shell } from './shell.js';

interface DoctorFlags {
  readonly redis?: string;
  readonly secretFile?: string;
  readonly token?: string;
}

export function addDoctor(program: Command, shell: Shell, run: Run): void {
  program
    .command('doctor')
    .summary('check Redis, limits, file rights and tokens')
    .description('Checks what tailrace needs, and names the next step for what is missing. Changes nothing.')
    .argument('[files...]', 'files and globs that an agent shall read')
    .option('--redis <url>', 'the Redis server (or TAILRACE_REDIS_URL)')
    .option('--secret-file <file>', 'the secret of the hub (or TAILRACE_SECRET_FILE)')
    .option('--token <token>', 'a token (or TAILRACE_TOKEN)')
    .action(run((files: string[], flags: DoctorFlags) => doctor(files, flags, shell)));
}

async function doctor(files: string[], flags: DoctorFlags, { env, stdout }: Shell): Promise<number> {
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
  for (const finding of findings) stdout.write(row(finding));
  return findings.some(({ level }) => level === 'fail') ? EXIT.failure : EXIT.ok;
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;

function row({ level, subject, text }: Finding): string {
  return `${styleText(COLOURS[level], level.padEnd(4))}  ${subject.padEnd(11)}  ${text}\n`;
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
