/** Finds the agents that run on this host and asks them how they are. It shows nothing. */
import { request } from 'node:http';
import { liveSockets, searchedDirectories } from '../agent/status/runtime-directory.js';
import { type AgentStatus, agentStatus } from '../agent/status/status-shape.js';
import type { Environment } from '../shared/config-variables.js';
import { messageOf } from '../shared/errors.js';

const ANSWER_TIMEOUT_MS = 3_000;

/** 10,000 files with long paths come to a tenth of it. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface AskedAgent {
  readonly socket: string;
  readonly answer: AgentStatus | { readonly problem: string };
}

export interface AgentPlaces {
  readonly sockets: readonly string[];
  /** Where was looked. */
  readonly directories: readonly string[];
}

export async function findAgents(env: Environment, userId: number) {
  const directories = await searchedDirectories(env, userId);
  const sockets = (await Promise.all(directories.map(liveSockets))).flat();
  return { sockets, directories } satisfies AgentPlaces;
}

/** All at once; one that does not answer holds up no other. */
export function askAgents(sockets: readonly string[], filesMax: number): Promise<AskedAgent[]> {
  return Promise.all(
    sockets.map(async (socket) => {
      const answer = await ask(socket, filesMax).catch((error: unknown) => ({ problem: messageOf(error) }));
      return { socket, answer };
    }),
  );
}

async function ask(socketPath: string, filesMax: number): Promise<AgentStatus> {
  const files = Number.isFinite(filesMax) ? `${filesMax}` : 'all';
  const text = await get(socketPath, `/status?files=${files}`);
  const checked = agentStatus.safeParse(JSON.parse(text));
  if (checked.success) return checked.data;
  throw new Error('its answer is not understood: is it of another version?');
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const asked = request({ socketPath, path, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_BYTES_MAX) asked.destroy(new Error('its answer is too long'));
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`it answered with ${response.statusCode}: ${text.trim()}`));
      });
    });
    asked.once('error', (error) => {
      reject(signal.aborted ? new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1_000} s`) : error);
    });
    asked.end();
  });
}
