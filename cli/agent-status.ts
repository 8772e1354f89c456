/** `tailrace agent status`: shows what agents of this host have read, and what they wait for. */
import { TailraceError, UsageError } from '../shared/errors.js';
import { type AskedAgent, askAgents, findAgents } from './running-agents.js';
import { EXIT, type Shell } from './shell.js';
import { statusText } from './status-table.js';

export interface AgentStatusFlags {
  readonly output?: string;
  readonly limit?: string;
  readonly all?: boolean;
  readonly socket?: string;
}

const FILES_SHOWN = 20;

export async function showAgentStatus(
  { output = 'default', limit, all, socket }: AgentStatusFlags,
  { env, userId, stdout, stderr }: Shell,
): Promise<number> {
  if (output !== 'default' && output !== 'json') throw new UsageError('--output is default or json');
  const filesMax = all === true ? Number.POSITIVE_INFINITY : countOf(limit);
  const asked = await askAgents(socket === undefined ? await find(env, userId) : [socket], filesMax);
  const statuses = asked.flatMap(({ answer }) => ('problem' in answer ? [] : [answer]));
  const text = output === 'json' ? `${JSON.stringify(statuses)}\n` : statuses.map(statusText).join('\n');
  stdout.write(text);
  const silent = asked.filter(({ answer }) => 'problem' in answer);
  for (const agent of silent) stderr.write(`tailrace: ${complaint(agent)}\n`);
  return silent.length === 0 ? EXIT.ok : EXIT.failure;
}

async function find(env: Shell['env'], userId: number): Promise<readonly string[]> {
  const { sockets, directories } = await findAgents(env, userId);
  if (sockets.length > 0) return sockets;
  const hint = userId === 0 ? '' : '; agents of other users are shown to root only';
  throw new TailraceError(
    'no_agent',
    `no agent with the default status_socket is running here: there is none in ${directories.join(', ')}${hint}; ` +
      '--socket <path> asks one with another (the agent inside `tailrace start` has none)',
  );
}

function countOf(limit: string | undefined): number {
  if (limit === undefined) return FILES_SHOWN;
  if (/^\d{1,9}$/.test(limit)) return Number(limit);
  throw new UsageError('--limit must be a number of files');
}

function complaint({ socket, answer }: AskedAgent): string {
  return `the agent at ${socket} does not say how it is: ${'problem' in answer ? answer.problem : ''}`;
}
