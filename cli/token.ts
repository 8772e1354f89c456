/** `tailrace token`: signs tokens with the secret of a hub, and shows what is in one. */
import type { Command } from 'commander';
import { createToken, type NewToken, TokenError } from '../hub/token.js';
import { duration } from '../shared/config.js';
import { UsageError } from '../shared/errors.js';
import { loadSecret } from './secret.js';
import { EXIT, type Run, type Shell } from './shell.js';
import { inWords } from './time-in-words.js';
import { inspectToken } from './token-inspection.js';

interface CreateFlags {
  readonly tenant: string;
  readonly subscribe?: string[];
  readonly publish?: string[];
  readonly ttl: string;
  readonly secretFile?: string;
}

interface InspectFlags {
  readonly secretFile?: string;
}

const SECRET_OPTION = ['--secret-file <file>', 'the secret of the hub (or TAILRACE_SECRET_FILE)'] as const;

export function addToken(program: Command, shell: Shell, run: Run): void {
  const token = program.command('token').description('Makes and explains tokens (JSON Web Tokens).');
  token
    .command('create')
    .description('Signs a token with the secret of a hub and prints it.')
    .requiredOption('--tenant <tenant>', 'whose channels')
    .option(
      '--subscribe <pattern>',
      'channels to read; may be repeated (default: ** unless --publish)',
      collect,
    )
    .option('--publish <pattern>', 'channels to write; may be repeated', collect)
    .option('--ttl <duration>', 'how long it is valid', '30d')
    .option(...SECRET_OPTION)
    .action(run((flags: CreateFlags) => create(flags, shell)));
  token
    .command('inspect')
    .description('Shows what a token says, and whether a hub would take it.')
    .argument('[token]', 'the token (or TAILRACE_TOKEN)')
    .option(...SECRET_OPTION)
    .action(run((text: string | undefined, flags: InspectFlags) => inspect(text, flags, shell)));
}

function create({ tenant, ttl, ...flags }: CreateFlags, shell: Shell): number {
  const file = flags.secretFile ?? shell.env['TAILRACE_SECRET_FILE'];
  if (file === undefined) throw new UsageError('--secret-file is missing (or TAILRACE_SECRET_FILE)');
  const publish = flags.publish ?? [];
  const subscribe = flags.subscribe ?? (publish.length === 0 ? ['**'] : []);
  const ttlMs = parseTtl(ttl);
  const token = sign({ tenant, subscribe, publish, ttlMs }, file);
  shell.stdout.write(`${token}\n`);
  shell.stderr.write(`tailrace: a token for tenant ${tenant}, valid ${inWords(ttlMs)}\n`);
  return EXIT.ok;
}

function sign(rights: NewToken, secretFile: string): string {
  const key = loadSecret(secretFile);
  try {
    return createToken(rights, key, Date.now());
  } catch (error) {
    if (error instanceof TokenError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function parseTtl(text: string): number {
  const ttl = duration.safeParse(text);
  if (!ttl.success) throw new UsageError('--ttl must be a duration such as 30s, 15m, 12h or 30d');
  return ttl.data;
}

function inspect(argument: string | undefined, flags: InspectFlags, shell: Shell): number {
  const token = argument ?? shell.env['TAILRACE_TOKEN'];
  if (token === undefined || token === '') throw new UsageError('name the token, or set TAILRACE_TOKEN');
  const file = flags.secretFile ?? shell.env['TAILRACE_SECRET_FILE'];
  const key = file === undefined ? undefined : loadSecret(file);
  const { rows, problems } = inspectToken(token.trim(), key, Date.now());
  const lines = [...rows, ...problems.map((problem) => ['problem', problem] as const)];
  for (const [name, text] of lines) shell.stdout.write(`${name.padEnd(10)} ${text}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
