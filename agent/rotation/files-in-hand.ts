/**
 * Files of one path that are open and have no place yet. While names move, a survey cannot tell what they are; they
 * stay here until one can, so that no rotation takes away what the agent had hold of.
 */
import { type FileIdentity, isSameFile, type LogFile, openLogFile } from '../files/log-file.js';
import type { Listed } from './sibling-listing.js';

interface InHand {
  readonly file: LogFile;
  /** It was the file at the path: its bytes are the path's, whatever its time says. */
  readonly wasAtPath: boolean;
}

export class FilesInHand {
  /** In the order they came. */
  #files: InHand[] = [];

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  /** From now on its handle is this one's to close. */
  add(file: LogFile, wasAtPath: boolean): void {
    this.#files.push({ file, wasAtPath });
  }

  has(identity: FileIdentity): boolean {
    return this.#files.some(({ file }) => isSameFile(file.identity, identity));
  }

  wasAtPath(identity: FileIdentity): boolean {
    return this.#files.some(({ file, wasAtPath }) => wasAtPath && isSameFile(file.identity, identity));
  }

  /** The listed file under its listed name. Undefined where the name stands for none, or another, by now. */
  async open({ path, look: { identity } }: Listed, isAtPath: boolean): Promise<LogFile | undefined> {
    const held = this.#files.find(({ file }) => isSameFile(file.identity, identity));
    if (held?.file.isStale === false) return this.#rename(held, path, isAtPath);
    const file = await openLogFile(path);
    if (file === undefined) return undefined;
    if (held !== undefined && isSameFile(file.identity, identity)) await this.discard(held.file);
    if (this.has(file.identity)) await file.close();
    else this.add(file, isAtPath);
    return isSameFile(file.identity, identity) ? file : undefined;
  }

  /** Those that have none of the listed names any more. */
  nameless(listed: readonly Listed[]): LogFile[] {
    const isListed = ({ identity }: LogFile) =>
      listed.some(({ look }) => isSameFile(look.identity, identity));
    return this.#files.map(({ file }) => file).filter((file) => !isListed(file));
  }

  async discard(file: LogFile): Promise<void> {
    this.#files = this.#files.filter((held) => held.file !== file);
    await file.close();
  }

  /** Hands them out: whoever asked closes them. The others are closed. */
  async give(wanted: ReadonlySet<unknown>): Promise<void> {
    this.#files = this.#files.filter(({ file }) => !wanted.has(file));
    await this.closeBeyond(0);
  }

  /** Of so many that came first the handles are kept. */
  async closeBeyond(count: number): Promise<void> {
    await Promise.all(this.#files.splice(count).map(({ file }) => file.close()));
  }

  #rename(held: InHand, path: string, isAtPath: boolean): LogFile {
    const file = held.file.named(path);
    this.#files[this.#files.indexOf(held)] = { file, wasAtPath: isAtPath || held.wasAtPath };
    return file;
  }
}
