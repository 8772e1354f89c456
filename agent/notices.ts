/**
 * What the agent tells about files: each thing once, in a sentence that names the path, the cause and the next
 * step. A problem is told again only after it had gone away.
 */

import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { AgentCounters } from './agent-stats.js';
import { systemCode } from './log-file.js';

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'give the agent the right to read it (and to enter its directories)',
  EPERM: 'give the agent the right to read it',
  EMFILE: 'raise the limit of open files (ulimit -n) or lower open_files_max',
  ENFILE: 'raise the system limit of open files (fs.file-max)',
  EIO: 'look at the disk',
  ESTALE: 'look at the network file system',
};

export interface Loss {
  readonly path: string;
  /** Bytes that the store has. */
  readonly appendedBytes: number;
  /** Bytes that were there at the last look. */
  readonly seenBytes: number;
  /** Bytes of them that cannot be read any more. */
  readonly lostBytes: number;
}

export class Notices {
  readonly #logger: Logger;
  readonly #counters: AgentCounters;
  readonly #told = new Map<string, string>();

  constructor(logger: Logger, counters: AgentCounters) {
    this.#logger = logger;
    this.#counters = counters;
  }

  /** A file that cannot be read now; it is tried again at every sweep, and nothing of it is skipped. */
  unreadable(path: string, error: unknown): void {
    const code = systemCode(error) ?? 'error';
    if (this.#told.get(path) === code) return;
    this.#told.set(path, code);
    const advice = ADVICE[code] ?? 'it is tried again by itself';
    this.#logger.warn(`${path} cannot be read: ${messageOf(error)}; ${advice}`, { path, code });
  }

  readable(path: string): void {
    const told = this.#told.get(path);
    if (told === undefined) return;
    this.#told.delete(path);
    if (told !== 'missing') this.#logger.info(`${path} can be read again`, { path });
  }

  missing(path: string): void {
    if (this.#told.has(path)) return;
    this.#told.set(path, 'missing');
    this.#logger.info(`${path} does not exist yet; it is read as soon as it does`, { path });
  }

  once(key: string, message: string): void {
    if (this.#told.has(key)) return;
    this.#told.set(key, 'once');
    this.#logger.info(message);
  }

  rotated(path: string): void {
    this.#counters.rotations++;
    this.#logger.debug(`${path} was rotated`, { path });
  }

  truncated(loss: Loss, isInCopy: boolean): void {
    this.#counters.truncations++;
    const rest = isInCopy ? '; what was unread is read from the rotated copy' : '';
    this.#tellLoss(loss, `${loss.path} was truncated${rest}`);
  }

  gone(loss: Loss): void {
    if (loss.lostBytes > 0) this.#tellLoss(loss, `${loss.path} is gone before it was read to its end`);
  }

  vanished(path: string, offset: number): void {
    this.#logger.warn(
      `${path}: the file that was read last, up to byte ${offset}, is not beside it any more; ` +
        'if it held more than that, the rest is lost. Rotate less often or keep more rotated files',
      { path, appendedBytes: offset },
    );
  }

  tooManyWaiting(path: string, held: number): void {
    this.once(
      `held ${path}`,
      `${path}: ${held} rotated files wait to be sent; later ones are read if they still exist by then`,
    );
  }

  #tellLoss(loss: Loss, what: string): void {
    const { appendedBytes, seenBytes, lostBytes } = loss;
    this.#counters.lostBytes += lostBytes;
    const lost = lostBytes > 0 ? `${lostBytes} bytes were lost unread` : 'no unread byte is known to be lost';
    this.#logger.warn(`${what}: ${appendedBytes} of ${seenBytes} bytes were appended, ${lost}`, { ...loss });
  }
}
