/**
 * Where agents of this host have their sockets, and how one is put there: listening before it has its name, so
 * that a name that nobody listens behind is left over from an agent that was killed. Only Unix.
 */
import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Environment } from '../../shared/config-variables.js';
import { systemCode } from '../files/system-error.js';

/** The `RuntimeDirectory=` of packaging/systemd, which only the service itself is told of. */
export const SERVICE_DIRECTORY = '/run/tailrace';
const USER_DIRECTORIES = '/run/user';

const SOCKET_NAME = /^agent-.+\.sock$/;

/** What fits in the address of a socket on every system. */
const ADDRESS_BYTES_MAX = 103;

/** Where an agent may put its socket; the first that can be used is taken. */
export function runtimeDirectories(env: Environment, userId: number): string[] {
  const [service] = (env['RUNTIME_DIRECTORY'] ?? '').split(':');
  const user = env['XDG_RUNTIME_DIR'];
  return [
    ...(service === undefined || service === '' ? [] : [service]),
    ...(user === undefined || user === '' ? [] : [join(user, 'tailrace')]),
    join(env['TMPDIR'] || '/tmp', `tailrace-${userId}`),
  ];
}

/** Where to look for sockets: the user's own places and the service's; for root also those of other users. */
export async function searchedDirectories(env: Environment, userId: number): Promise<string[]> {
  const own = [...runtimeDirectories(env, userId), SERVICE_DIRECTORY];
  if (userId !== 0) return [...new Set(own)];
  const temporary = env['TMPDIR'] || '/tmp';
  const users = (await namesIn(USER_DIRECTORIES)).map((user) => join(USER_DIRECTORIES, user, 'tailrace'));
  const others = (await namesIn(temporary)).filter((name) => /^tailrace-\d+$/.test(name));
  return [...new Set([...own, ...users, ...others.map((name) => join(temporary, name))])];
}

/** Makes the directory, if need be. Rejects where others could put something in its place. */
export async function prepareDirectory(directory: string, userId: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const stats = await lstat(directory);
  if (!stats.isDirectory() || stats.uid !== userId || (stats.mode & 0o022) !== 0) {
    throw new Error(`${directory} is not a directory that only this user may write to`);
  }
}

export function newSocketPath(directory: string, pid: number): string {
  return join(directory, `agent-${pid}-${randomBytes(2).toString('hex')}.sock`);
}

/**
 * Has `listen` listen under another name, for its owner alone, and gives the socket its name then. A socket
 * that is there already and that nobody listens behind is replaced.
 */
export async function publishSocket(path: string, listen: (path: string) => Promise<unknown>): Promise<void> {
  const unnamed = join(dirname(path), `.${randomBytes(4).toString('hex')}`);
  for (const address of [path, unnamed]) {
    if (Buffer.byteLength(address) > ADDRESS_BYTES_MAX) {
      throw new Error(`${path} is too long for a socket: at most ${ADDRESS_BYTES_MAX} bytes`);
    }
  }
  const directory = await stat(dirname(path)).catch(() => undefined);
  // To listen there fails with a word on rights.
  if (directory?.isDirectory() !== true) throw new Error(`there is no directory ${dirname(path)}`);
  if (await isTaken(path)) throw new Error(`another agent answers at ${path}`);
  await listen(unnamed);
  await chmod(unnamed, 0o600);
  await rename(unnamed, path);
}

/** Sockets of agents that live. Those of agents that were killed are removed. */
export async function liveSockets(directory: string): Promise<string[]> {
  const names = (await namesIn(directory)).filter((name) => SOCKET_NAME.test(name)).sort();
  const live: string[] = [];
  for (const path of names.map((name) => join(directory, name))) {
    if (await isAnswered(path)) live.push(path);
    // Another user's may not be ours to remove.
    else await rm(path, { force: true }).catch(() => {});
  }
  return live;
}

async function isTaken(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return false;
  if (!stats.isSocket()) throw new Error(`${path} is there already and is no socket`);
  return isAnswered(path);
}

/** False only where it is certain that nobody listens. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', (error) => settle(!['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? '')));
  });
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
