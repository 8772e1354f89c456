/**
 * Every command with its arguments and flags: all that `--help` shows. What a command does is loaded when it
 * is called, so that `tail` starts without the hub's libraries and the hub without the agent's.
 */
import type { Command } from 'commander';
import type { AgentFlags } from './agent-settings.js';
import type { AgentStatusFlags } from './agent-status.js';
import type { DoctorFlags } from './doctor.js';
import type { HubFlags } from './hub.js';
import { EXIT, type Shell } from './shell.js';
import type { StartFlags } from './start.js';
import type { TailFlags } from './tail.js';
import type { TokenFlags, TokenInspectionFlags } from './token.js';

/** Makes a function the action of a command: what it returns is the exit code of the process. */
export type Run = <A extends unknown[]>(
  action: (...args: A) => Promise<number> | number,
) => (...args: A) => Promise<void>;

/** `args`: what was typed. Behind `--` stands another program, whose name must not be taken for one of ours. */
export function addCommands(program: Command, shell: Shell, run: Run, args: readonly string[]): void {
  const withStatus = args.includes('--') ? [] : [addAgentStatus];
  for (const add of [addStart, addHub, addAgent, ...withStatus, addTail, addToken, addDoctor])
    add(program, shell, run);
}

const FILES = 'files, directories and (quoted) globs';
const CHANNEL_TEMPLATE = 'name of the channel, from {basename} {name} {parent} {dir} {host} and text';
const READ_FROM = 'start or end of files that no agent has read yet (default: start)';
const CONFIG = 'a YAML file; flags and environment come before it';
const SECRET_FILE = 'the secret that signs tokens (or TAILRACE_SECRET_FILE)';
const TOKEN = 'the token (or TAILRACE_TOKEN, which other users of the host cannot see)';

function addStart(program: Command, shell: Shell, run: Run): void {
  program
    .command('start')
    .summary('hub, agent and store in one process: to try it, or for one host')
    .description(
      'Tails files into a store of its own, serves them on this host, and shows the lines as they arrive.\n' +
        'Without files it writes and tails a demo log.',
    )
    .argument('[files...]', FILES)
    .option(
      '--listen <host:port>',
      'where to listen (default: 127.0.0.1:7700, or a free port if that is taken)',
    )
    .option('--data-dir <dir>', 'where lines and the secret are kept', '.tailrace')
    .option('--channel <template>', CHANNEL_TEMPLATE, '{basename}')
    .option('--read-from <place>', READ_FROM)
    .action(
      run(async (files: string[], flags: StartFlags) => {
        const { start } = await import('./start.js');
        return start(files, flags, shell);
      }),
    );
}

function addHub(program: Command, shell: Shell, run: Run): void {
  program
    .command('hub')
    .summary('serve the lines of a store to WebSocket clients')
    .description(
      'Serves the lines of a store to WebSocket clients. Run as many hubs on one Redis as you need.',
    )
    .option('--listen <host:port>', 'where to listen (or TAILRACE_LISTEN; default: 127.0.0.1:7700)')
    .option('--redis <url>', 'the Redis that agents append to (or TAILRACE_REDIS_URL)')
    .option('--data-dir <dir>', 'instead of Redis, what `tailrace start` left in its data directory')
    .option('--secret-file <file>', SECRET_FILE)
    .option('--config <file>', `${CONFIG} (docs/hub.md)`)
    .option('--schema', 'only print the JSON Schema of the configuration file')
    .action(
      run(async (flags: HubFlags) => {
        const { hub, hubFileSchema } = await import('./hub.js');
        return flags.schema ? printSchema(hubFileSchema(), shell) : hub(flags, shell);
      }),
    );
}

function addAgent(program: Command, shell: Shell, run: Run): void {
  program
    .command('agent')
    .summary('tail files into Redis')
    .description(
      'Tails files into Redis. What is stored, and how far, Redis knows: an agent that was killed, moved or\n' +
        'doubled goes on where the last one ended.',
    )
    .argument('[files...]', `${FILES}; "-" is standard input`)
    .option('--redis <url>', 'the Redis to append to (or TAILRACE_REDIS_URL)')
    .option('--tenant <tenant>', 'whose channels (or TAILRACE_TENANT)')
    .option('--host <name>', 'the name of this host in channels (or TAILRACE_HOST; default: its hostname)')
    .option('--channel <template>', CHANNEL_TEMPLATE)
    .option('--read-from <place>', READ_FROM)
    .option('--exec', 'instead of files: run the command behind `--` and read what it prints')
    .option('--restart <when>', 'with --exec: never, on-failure or always (default: never)')
    .option('--config <file>', `${CONFIG} (docs/agent.md)`)
    .option('--check', 'only check the configuration, and show what would be tailed')
    .option('--schema', 'only print the JSON Schema of the configuration file')
    .option('--metrics <host:port>', 'answer Prometheus and probes there, on a loopback address')
    .action(
      run(async (files: string[], flags: AgentFlags) => {
        if (flags.schema) return printSchema((await import('./agent-settings.js')).agentFileSchema(), shell);
        if (flags.check) return (await import('./agent-check.js')).checkAgent(files, flags, shell);
        return (await import('./agent.js')).agent(files, flags, shell);
      }),
    );
}

/** Under `agent`; a file of that name is given as `./status`. */
function addAgentStatus(program: Command, shell: Shell, run: Run): void {
  program.commands
    .find((command) => command.name() === 'agent')
    ?.command('status')
    .summary('show how far the agents of this host have read')
    // The options of `agent` are not for it.
    .configureHelp({ showGlobalOptions: false })
    .description(
      'Asks the agents of this host and shows for each file how far it is stored, what is unread, since when,\n' +
        'and what it waits for. Files with most unread bytes come first. An agent with a status_socket of its\n' +
        'own is asked with --socket only; the one inside `tailrace start` has none.',
    )
    .option('-o, --output <form>', 'default or json')
    .option('--limit <count>', 'how many files of each agent to show (default: 20)')
    .option('--all', 'show all files')
    .option('--socket <path>', 'ask the agent whose status_socket this is')
    .action(
      run(async (flags: AgentStatusFlags) => {
        const { showAgentStatus } = await import('./agent-status.js');
        return showAgentStatus(flags, shell);
      }),
    );
}

function addTail(program: Command, shell: Shell, run: Run): void {
  program
    .command('tail')
    .summary('show the lines of channels as they arrive')
    .description(
      'Shows the lines of channels as they arrive. Lines go to stdout, notices to stderr; a lost connection is\n' +
        'taken up again where it broke off.',
    )
    .argument('<channel...>', 'channels, or patterns such as "web/*" and "**"')
    .option('-n, --lines <count>', 'begin with the last lines of each channel, or "all" (default: 10)')
    .option('--since <time>', 'begin at a time: 10m, 2h, 2026-03-01T12:00:00Z or ms since 1970')
    .option('-g, --grep <regexp>', 'only lines that match; may be repeated', collect)
    .option('-v, --exclude <regexp>', 'no lines that match; may be repeated', collect)
    .option('-i, --ignore-case', 'for --grep and --exclude')
    .option('-o, --output <form>', 'default, raw or json')
    .option('--no-follow', 'end once everything that is there has been shown')
    .option('--after-cursor <cursor>', 'continue one channel after a cursor')
    .option('--cursor-file <file>', 'continue from the cursors in a file, and keep them there')
    .option('--show-cursor', 'at the end show the cursor of each channel, on stderr')
    .option('--url <url>', 'the hub (or TAILRACE_URL; default: ws://127.0.0.1:7700)')
    .option('--token <token>', TOKEN)
    .action(
      run(async (channels: string[], flags: TailFlags) => {
        const { tail } = await import('./tail.js');
        return tail(channels, flags, shell);
      }),
    );
}

function addToken(program: Command, shell: Shell, run: Run): void {
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
    .option('--secret-file <file>', SECRET_FILE)
    .action(
      run(async (flags: TokenFlags) => {
        const { createToken } = await import('./token.js');
        return createToken(flags, shell);
      }),
    );
  token
    .command('inspect')
    .description('Shows what a token says, and whether a hub would take it.')
    .argument('[token]', TOKEN)
    .option('--secret-file <file>', SECRET_FILE)
    .action(
      run(async (text: string | undefined, flags: TokenInspectionFlags) => {
        const { showToken } = await import('./token.js');
        return showToken(text, flags, shell);
      }),
    );
}

function addDoctor(program: Command, shell: Shell, run: Run): void {
  program
    .command('doctor')
    .summary('check Redis, limits, file rights and tokens')
    .description('Checks what tailrace needs, and names the next step for what is missing. Changes nothing.')
    .argument('[files...]', 'files and globs that an agent shall read')
    .option('--config <file>', "an agent's configuration, to check its Redis and its sources")
    .option('--redis <url>', 'the Redis server (or TAILRACE_REDIS_URL)')
    .option('--secret-file <file>', SECRET_FILE)
    .option('--token <token>', TOKEN)
    .action(
      run(async (files: string[], flags: DoctorFlags) => {
        const { doctor } = await import('./doctor.js');
        return doctor(files, flags, shell);
      }),
    );
}

function printSchema(schema: object, { stdout }: Shell): number {
  stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  return EXIT.ok;
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
