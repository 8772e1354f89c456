/** `tailrace token`: signs tokens with the secret of a hub, and shows what is in one. */
import { type NewToken, createToken as sign, TokenError } from '../hub/token.js';
import { duration } from '../shared/config.js';
import { UsageError } from '../shared/errors.js';
import { loadSecret } from './secret.js';
import { EXIT, type Shell } from './shell.js';
import { inWords } from './time-in-words.js';
import { inspectToken } from './token-inspection.js';

export interface TokenFlags {
  readonly tenant: string;
  readonly subscribe?: string[];
  readonly publish?: string[];
  readonly ttl: string;
  readonly secretFile?: string;
}

export interface TokenInspectionFlags {
  readonly secretFile?: string;
}

export function createToken({ tenant, ttl, ...flags }: TokenFlags, shell: Shell): number {
  const file = flags.secretFile ?? shell.env['TAILRACE_SECRET_FILE'];
  if (file === undefined) throw new UsageError('--secret-file is missing (or TAILRACE_SECRET_FILE)');
  const publish = flags.publish ?? [];
  const subscribe = flags.subscribe ?? (publish.length === 0 ? ['**'] : []);
  const ttlMs = parseTtl(ttl);
  const token = signWith({ tenant, subscribe, publish, ttlMs }, file);
  shell.stdout.write(`${token}\n`);
  shell.stderr.write(`tailrace: a token for tenant ${tenant}, valid ${inWords(ttlMs)}\n`);
  return EXIT.ok;
}

function signWith(rights: NewToken, secretFile: string): string {
  const key = loadSecret(secretFile);
  try {
    return sign(rights, key, Date.now());
  } catch (error) {
    if (error instanceof TokenError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function parseTtl(text: string): number {
  const ttl = duration.safeParse(text);
  if (!ttl.success) throw new UsageError(`--ttl ${ttl.error.issues[0]?.message}`);
  return ttl.data;
}

export function showToken(argument: string | undefined, flags: TokenInspectionFlags, shell: Shell): number {
  const token = argument ?? shell.env['TAILRACE_TOKEN'];
  if (token === undefined || token === '') throw new UsageError('name the token, or set TAILRACE_TOKEN');
  const file = flags.secretFile ?? shell.env['TAILRACE_SECRET_FILE'];
  const key = file === undefined ? undefined : loadSecret(file);
  const { rows, problems } = inspectToken(token.trim(), key, Date.now());
  const lines = [...rows, ...problems.map((problem) => ['problem', problem] as const)];
  for (const [name, text] of lines) shell.stdout.write(`${name.padEnd(10)} ${text}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
}
