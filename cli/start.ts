/**
 * `tailrace start`: hub, agent and embedded store in one process, for one person on one host. What it shows
 * comes through a WebSocket like anybody else's lines.
 */
import { join, resolve } from 'node:path';
import { runTail } from '../client/tail/tail.js';
import { messageOf } from '../shared/errors.js';
import { Lifecycle } from '../shared/lifecycle.js';
import { startDemoLog } from './demo-log.js';
import { type LocalStack, startLocalStack } from './local-stack.js';
import { exitCodeOf, type Shell } from './shell.js';

/** Of the token in the printed command; whoever starts later gets a new one. */
const PRINTED_TOKEN_TTL_MS = 30 * 86_400_000;
/** Of the one in use here, which renews itself. */
const OWN_TOKEN_TTL_MS = 3_600_000;

export interface StartFlags {
  readonly dataDir: string;
  readonly listen?: string;
  readonly channel: string;
  readonly readFrom?: string;
}

export async function start(files: string[], flags: StartFlags, shell: Shell): Promise<number> {
  const logger = shell.createLogger('tailrace', { level: 'warn', format: 'text' });
  const lifecycle = new Lifecycle(logger);
  const dataDirectory = resolve(flags.dataDir);
  const demoLog = files.length > 0 ? undefined : join(dataDirectory, 'demo', 'app.log');
  const { listen, channel, readFrom } = flags;
  try {
    const tailed = demoLog === undefined ? files : [demoLog];
    const stack = await startLocalStack(
      { dataDirectory, files: tailed, listen, channel, readFrom },
      lifecycle,
      logger,
    );
    if (demoLog !== undefined) {
      const onError = (error: unknown) => logger.error(`the demo log ended: ${messageOf(error)}`);
      await lifecycle.start(
        'demo log',
        () => startDemoLog(demoLog, onError),
        (log) => log.stop(),
      );
    }
    shell.stderr.write(greeting(stack, tailed, dataDirectory, shell));
    return await show(stack, shell);
  } finally {
    await lifecycle.stop();
  }
}

async function show({ url, createToken }: LocalStack, shell: Shell): Promise<number> {
  const token = () => createToken(OWN_TOKEN_TTL_MS);
  const exitCode = await runTail({ url, token, channels: ['**'] }, shell);
  return shell.signal.aborted ? exitCodeOf(shell.signal) : exitCode;
}

function greeting(
  { url, createToken }: LocalStack,
  tailed: readonly string[],
  dataDirectory: string,
  { commandWords }: Shell,
): string {
  const token = createToken(PRINTED_TOKEN_TTL_MS);
  const command = [...commandWords, 'tail', '**', '--url', url, '--token', token].map(shellWord).join(' ');
  return [
    `tailrace: ready at ${url}, tailing ${tailed.join(', ')} into ${dataDirectory}; Ctrl-C ends it.`,
    'tailrace: to follow from another terminal, paste:',
    '',
    `  ${command}`,
    '',
    '',
  ].join('\n');
}

/** A word that a POSIX shell takes as it is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
