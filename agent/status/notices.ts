/**
 * What the agent tells about files: each thing once, in a sentence that names the path, the cause and the next
 * step. A problem is told again only after it had gone away.
 */

import type { Logger } from '../../shared/logger.js';
import { isIrregular } from '../files/irregular-file.js';
import { identityKey } from '../files/log-file.js';
import { systemCode, systemMessage } from '../files/system-error.js';
import type { ArchiveObstacle } from '../rotation/archive-survey.js';
import type { Overtaken } from '../rotation/passed-over.js';
import type { AgentCounters } from './agent-stats.js';
import { Problems } from './problems.js';

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'give the agent the right to read it (and to enter its directories)',
  EPERM: 'give the agent the right to read it',
  EMFILE: 'raise the limit of open files (ulimit -n) or lower open_files_max',
  ENFILE: 'raise the system limit of open files (fs.file-max)',
  EILSEQ: 'rename it',
  EIO: 'look at the disk',
  EUCLEAN: 'check the file system (fsck)',
  ENOTCONN: 'look at the network file system',
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

/** What is left of the files at the end of the agent. */
export interface Rest {
  /** It was not waited for any longer. */
  readonly isLate: boolean;
  /** Bytes that were read and not appended. */
  readonly unappendedBytes: number;
  /** Those and others that are not appended; undefined where it never became known what the store has. */
  readonly unreadBytes: number | undefined;
  readonly isStoreAway: boolean;
}

const NEXT_START = 'what is still on disk is read at the next start';

const WHY_NOT_READ: Readonly<Record<ArchiveObstacle['reason'], string>> = {
  damaged:
    'is damaged and cannot be unpacked; lines of it that were not read before it was compressed are lost',
  format:
    'may hold lines that were not read before it was compressed, and only .gz is unpacked here; ' +
    'unpack it where it is and they are read. Rotate with gzip, or with delaycompress',
  forbidden:
    'may hold lines that were not read before it was compressed; give the agent the right to read it',
};

/** What was told is remembered for so many; beyond that the oldest may be told again. Names come and go for ever. */
const TOLD_MAX = 50_000;

export class Notices {
  /** Of paths that cannot be read, or could not. */
  readonly problems = new Problems();
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
    this.problems.begin(path, systemMessage(error), Date.now());
    if (this.#told.get(path) === code) return;
    this.#note(path, code);
    const advice = ADVICE[code] ?? 'it is tried again by itself';
    this.#logger.warn(`${path} cannot be read: ${systemMessage(error)}; ${advice}`, { path, code });
  }

  readable(path: string): void {
    this.problems.end(path);
    const told = this.#told.get(path);
    if (told === undefined) return;
    this.#told.delete(path);
    if (told !== 'missing') this.#logger.info(`${path} can be read again`, { path });
  }

  /** There is nothing at the path, so nothing that could not be read. */
  absent(path: string): void {
    this.problems.end(path);
  }

  /** Nobody wants the path any more: what is wrong with it does not matter, and is new if it is wanted again. */
  forget(path: string): void {
    this.#told.delete(path);
    this.problems.end(path);
  }

  /** There is no file at the path. */
  missing(path: string): void {
    if (this.#told.has(path)) return;
    this.#note(path, 'missing');
    if (isIrregular(path)) {
      this.#logger.warn(`${path} is no regular file, and is not read; a file in its place is`, { path });
    } else {
      this.#logger.info(`${path} does not exist yet; it is read as soon as it does`, { path });
    }
  }

  once(key: string, message: string): void {
    if (this.#told.has(key)) return;
    this.#note(key, 'once');
    this.#logger.info(message);
  }

  #note(key: string, what: string): void {
    this.#told.set(key, what);
    const [oldest] = this.#told.keys();
    if (this.#told.size > TOLD_MAX && oldest !== undefined) this.#told.delete(oldest);
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
      `${path}: the file that was read last, up to byte ${offset}, is not beside it any more, nor in a .gz; ` +
        'if it held more than that, the rest is lost. Rotate less often or keep more rotated files',
      { path, appendedBytes: offset },
    );
  }

  /** Rotation deletes files before anybody can see them. */
  overtaken(path: string, { files, bytes }: Overtaken = { files: 0, bytes: 0 }): void {
    this.#counters.lostBytes += bytes;
    const known = files === 0 ? '' : `; ${files} that were seen held at least ${bytes} bytes`;
    this.#logger.warn(
      `${path} is rotated faster than it is read: the file that was read last is deleted, and what came and was ` +
        `deleted between it and the oldest one that is left is lost unread${known}. ` +
        'Rotate less often or keep more rotated files',
      { path, lostFiles: files, lostBytes: bytes },
    );
  }

  /** An archive that may hold unread lines and cannot be read; it holds nothing up. */
  obstacle(path: string, { archive, identity, reason, cause }: ArchiveObstacle): void {
    const told = `${identityKey(identity)} ${reason}`;
    if (this.#told.has(told)) return;
    this.#note(told, 'once');
    this.#counters.archivesNotRead++;
    this.#logger.warn(`${archive} ${WHY_NOT_READ[reason]}`, { path, archive, reason, cause });
  }

  tooManyWaiting(path: string, held: number): void {
    this.once(
      `held ${path}`,
      `${path}: ${held} rotated files wait to be sent; later ones are read if they still exist by then`,
    );
  }

  /** The rest is not lost; but whoever stops an agent may mean to take the disk away. */
  stopped(rest: Rest): void {
    const sentence = restSentence(rest);
    if (sentence === undefined) return;
    const { isLate, unappendedBytes, unreadBytes, isStoreAway } = rest;
    // Else it is a last line without its end, or what came in the last moment: files are like that.
    const isHeldUp = isLate || unappendedBytes > 0 || unreadBytes === undefined || isStoreAway;
    if (isHeldUp) this.#logger.warn(sentence, { unreadBytes });
    else this.#logger.info(sentence, { unreadBytes });
  }

  #tellLoss(loss: Loss, what: string): void {
    const { appendedBytes, seenBytes, lostBytes } = loss;
    this.#counters.lostBytes += lostBytes;
    const lost = lostBytes > 0 ? `${lostBytes} bytes were lost unread` : 'no unread byte is known to be lost';
    this.#logger.warn(`${what}: ${appendedBytes} of ${seenBytes} bytes were appended, ${lost}`, { ...loss });
  }
}

function restSentence({ isLate, unappendedBytes, unreadBytes }: Rest): string | undefined {
  if (unreadBytes === undefined)
    return `stopped before the store had said what it has: no file was read; ${NEXT_START}`;
  const bytes = Math.max(unappendedBytes, unreadBytes);
  const what = unappendedBytes > 0 ? 'not appended' : 'unread';
  const rest = `${bytes} bytes of files ${what}; ${NEXT_START}`;
  if (!isLate) return bytes === 0 ? undefined : `stopped with ${rest}`;
  return `stopped before everything was appended${bytes === 0 ? '' : `: ${rest}`}`;
}
