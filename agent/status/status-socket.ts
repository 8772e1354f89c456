/**
 * The Unix socket behind which an agent answers `tailrace agent status`: one per process, for its own user
 * alone. Where it cannot be had the agent works on without.
 */
import { lstat, rm } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { ProbeServer } from './probe-server.js';
import { liveSockets, newSocketPath, prepareDirectory, publishSocket } from './runtime-directory.js';
import { socketRoutes } from './status-routes.js';
import type { Asked } from './status-shape.js';

export interface StatusSocketOptions {
  /** Its path, or directories of which the first that can be used gets a socket with a name of its own. */
  readonly where: { readonly path: string } | { readonly directories: readonly string[] };
  readonly userId: number;
  readonly logger: Logger;
}

/** Undefined where no socket could be had; the reason is told. */
export async function openStatusSocket(
  agent: Asked,
  { where, userId, logger }: StatusSocketOptions,
): Promise<StatusSocket | undefined> {
  const attempts =
    'path' in where
      ? [() => StatusSocket.at(where.path, agent)]
      : where.directories.map((directory) => () => StatusSocket.inside(directory, userId, agent));
  let problem = 'there is no directory for its socket';
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      problem = messageOf(error);
    }
  }
  logger.warn(`\`tailrace agent status\` will not find this agent: ${problem}; name another status_socket`);
  return undefined;
}

export class StatusSocket {
  readonly path: string;
  readonly #inode: number;
  readonly #server: ProbeServer;

  private constructor(path: string, inode: number, server: ProbeServer) {
    this.path = path;
    this.#inode = inode;
    this.#server = server;
  }

  static async inside(directory: string, userId: number, agent: Asked): Promise<StatusSocket> {
    await prepareDirectory(directory, userId);
    // A good moment to clear away what agents have left that were killed.
    await liveSockets(directory);
    return StatusSocket.at(newSocketPath(directory, process.pid), agent);
  }

  static async at(path: string, agent: Asked): Promise<StatusSocket> {
    const server = new ProbeServer(socketRoutes(agent));
    try {
      await publishSocket(path, (unnamed) => server.listen({ path: unnamed }));
      return new StatusSocket(path, (await lstat(path)).ino, server);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#server.close();
    // Another agent may have taken the name by now.
    const now = await lstat(this.path).catch(() => undefined);
    if (now?.ino === this.#inode) await rm(this.path, { force: true });
  }
}
