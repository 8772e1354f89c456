/**
 * The files of one path: its writer, its rotation, and what else befalls them, with an account of which lines
 * can still be read somewhere. A line may be lost only if the last file with it was destroyed before the line
 * was stored. It knows no agent.
 */
import { statSync, truncateSync, unlinkSync } from 'node:fs';
import { copyFile, type FileHandle, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from './fault-random.js';
import { packFile, unpackFile } from './history-archives.js';

/** How files are named, written and kept in one history. */
export interface HistoryHabits {
  /** `.1` is the youngest and all move on, or each keeps the date it was given. */
  readonly naming: 'counts' | 'dates';
  /** Whether files are ever copied, as by copy and truncate or into archives. */
  readonly hasCopies: boolean;
  /** Rotated files that are kept. */
  readonly keep: number;
  /** The writer goes on in the file it has open until it is told to open another one. */
  readonly isLate: boolean;
  /** Such a writer writes where it stands, not where the file ends: after a truncation that leaves a hole. */
  readonly isSeeking: boolean;
  /** Whether a writer pauses in the middle of lines, for as long as other things happen. */
  readonly isHalting: boolean;
  /** Lines are events of several rows, and are over when the file has not grown for a while: none is cut then. */
  readonly hasEvents: boolean;
  textOf(line: number): string;
}

/** Lines in a file: those from `first` on, before `end`. */
interface Content {
  first: number;
  end: number;
  isArchive: boolean;
  isDeleted: boolean;
  /** The time of its last write, once it is compressed: `gunzip` gives it back. */
  modifiedMs: number;
}

interface Writer {
  readonly handle: FileHandle;
  readonly content: Content;
  offset: number;
}

/** Below that nobody can tell a copy from the file that was copied and went on. */
const TELLING_BYTES = 1024;

const FIRST_DAY = Date.UTC(2026, 0, 1);

export class HistoryFiles {
  readonly directory: string;
  readonly #habits: HistoryHabits;
  readonly #isStored: (line: number) => boolean;
  /** By name, without `.gz`. */
  readonly #contents = new Map<string, Content>();
  /** Rotated ones, youngest first. */
  #rotated: string[] = [];
  readonly #mayBeLost = new Set<number>();
  #written = 0;
  #rotations = 0;
  #open: Writer | undefined;
  /** The rest of a line that was begun. */
  #unwritten = '';

  constructor(directory: string, habits: HistoryHabits, isStored: (line: number) => boolean) {
    this.directory = directory;
    this.#habits = habits;
    this.#isStored = isStored;
  }

  get path(): string {
    return join(this.directory, 'app.log');
  }

  /** Lines that were written so far, from 1. */
  get written(): number {
    return this.#written;
  }

  /** Whether the last line is whole, and can be read by its name. */
  get isWhole(): boolean {
    return this.#unwritten === '' && this.#open?.content.isDeleted !== true;
  }

  /** Lines that were destroyed unread. */
  get mayBeLost(): ReadonlySet<number> {
    return this.#mayBeLost;
  }

  async write(random: Random): Promise<void> {
    const count = random.next() < 0.85 ? random.between(1, 30) : random.between(1, 3_000);
    await this.#writeLines(count, random);
    if (!this.#habits.isHalting || random.next() < 0.5) await this.finishLine();
    await this.#rest();
  }

  async finishLine(): Promise<void> {
    const rest = this.#unwritten;
    this.#unwritten = '';
    if (rest !== '') await this.#put(rest);
  }

  /** The writer is told to open the file anew. */
  async reopen(): Promise<void> {
    await this.finishLine();
    await this.#open?.handle.close();
    this.#open = undefined;
  }

  async rename(random: Random): Promise<void> {
    if (!(await this.#shift())) return;
    const name = this.#rotated[0] as string;
    await rename(this.path, this.#pathOf(name));
    this.#contents.set(name, this.#contents.get('app.log') as Content);
    this.#contents.delete('app.log');
    if (random.next() < 0.5) await this.#create();
    await this.#dropOldest();
  }

  async copyTruncate(random: Random): Promise<void> {
    await this.finishLine();
    if (!this.#habits.hasCopies || !(await this.#shift())) return;
    const name = this.#rotated[0] as string;
    await copyFile(this.path, this.#pathOf(name));
    const content = this.#contents.get('app.log') as Content;
    this.#contents.set(name, { ...content });
    const isTelling = this.#bytesOf(content) >= TELLING_BYTES;
    content.first = content.end;
    if (random.next() < 0.3 && isTelling) {
      await this.#writeLines(random.between(1, 30), random);
      await this.finishLine();
      await this.#rest();
    }
    await this.#emptyOut();
    await this.#dropOldest();
  }

  async truncate(): Promise<void> {
    await this.finishLine();
    if (this.#contents.has('app.log')) await this.#emptyOut();
  }

  /** The file is replaced by an archive of it. */
  async compress(random: Random): Promise<void> {
    const plain = this.#rotated.filter((name) => this.#isIdle(name) && !this.#contents.get(name)?.isArchive);
    if (!this.#habits.hasCopies || plain.length === 0) return;
    const name = random.pick(plain);
    const content = this.#contents.get(name) as Content;
    content.modifiedMs = statSync(this.#pathOf(name)).mtimeMs;
    await packFile(this.#pathOf(name), content.modifiedMs, random);
    content.isArchive = true;
  }

  /** Somebody wants to look into an archive, and it gives its time to the file: if that is the file's own. */
  async unpack(random: Random): Promise<void> {
    const archives = this.#rotated.filter((name) => this.#contents.get(name)?.isArchive);
    if (archives.length === 0) return;
    const name = random.pick(archives);
    const content = this.#contents.get(name) as Content;
    if (await unpackFile(this.#pathOf(name), content.modifiedMs)) content.isArchive = false;
  }

  /** The oldest rotated file, or the one at the path. */
  async delete(random: Random): Promise<void> {
    const oldest = this.#rotated.at(-1);
    if (oldest !== undefined && random.next() < 0.7) return this.#unlink(oldest);
    if (this.#contents.has('app.log')) await this.#unlink('app.log');
  }

  /** A writer that is not late opens its file for every write. */
  async #rest(): Promise<void> {
    if (!this.#habits.isLate) await this.reopen();
  }

  async close(): Promise<void> {
    await this.#open?.handle.close();
    this.#open = undefined;
  }

  async #writeLines(count: number, random: Random): Promise<void> {
    const { textOf } = this.#habits;
    await this.finishLine();
    const texts = Array.from({ length: count }, (_, index) => `${textOf(this.#written + index + 1)}\n`);
    const text = texts.join('');
    const content = await this.#contentToWrite();
    // Of a file's first few bytes nobody can tell whether it was truncated and has begun alike again.
    const least = content.first === content.end ? (texts[0] as string).length : 1;
    const cut = this.#habits.hasEvents
      ? text.length
      : Math.max(least, Math.floor(random.next() * text.length));
    this.#written += count;
    content.end = this.#written + 1;
    if (content.isDeleted) this.#destroyed(content);
    await this.#put(text.slice(0, cut));
    if (random.next() < 0.5) await nextTurn();
    this.#unwritten = text.slice(cut);
  }

  /** The file that the writer has open, or opens. */
  async #contentToWrite(): Promise<Content> {
    if (this.#open === undefined) await this.#openPath();
    const { content } = this.#open as Writer;
    if (content.first === content.end) content.first = content.end = this.#written + 1;
    return content;
  }

  async #openPath(): Promise<void> {
    if (!this.#contents.has('app.log')) await this.#create();
    const content = this.#contents.get('app.log') as Content;
    const handle = await open(this.path, this.#habits.isSeeking ? 'r+' : 'a');
    this.#open = { handle, content, offset: statSync(this.path).size };
  }

  async #put(text: string): Promise<void> {
    const writer = this.#open;
    if (writer === undefined) throw new Error('nothing is open');
    const bytes = Buffer.from(text);
    await writer.handle.write(bytes, 0, bytes.length, this.#habits.isSeeking ? writer.offset : null);
    writer.offset += bytes.length;
  }

  async #create(): Promise<void> {
    await writeFile(this.path, '', { flag: 'a' });
    const first = this.#written + 1;
    this.#contents.set('app.log', { first, end: first, isArchive: false, isDeleted: false, modifiedMs: 0 });
  }

  /** Makes room for another rotated file. False where there is nothing to rotate. */
  async #shift(): Promise<boolean> {
    if (this.#open !== undefined && this.#open.content !== this.#contents.get('app.log')) await this.reopen();
    if (!this.#contents.has('app.log')) return false;
    this.#rotations++;
    if (this.#habits.naming === 'dates') {
      const day = new Date(FIRST_DAY + this.#rotations * 86_400_000).toISOString().slice(0, 10);
      this.#rotated.unshift(`app.log-${day.replaceAll('-', '')}`);
      return true;
    }
    for (let count = this.#rotated.length; count > 0; count--)
      await this.#move(`app.log.${count}`, `app.log.${count + 1}`);
    this.#rotated = ['app.log.1', ...this.#rotated.map((_, index) => `app.log.${index + 2}`)];
    return true;
  }

  async #move(from: string, to: string): Promise<void> {
    const content = this.#contents.get(from) as Content;
    const suffix = content.isArchive ? '.gz' : '';
    await rename(`${this.#pathOf(from)}${suffix}`, `${this.#pathOf(to)}${suffix}`);
    this.#contents.delete(from);
    this.#contents.set(to, content);
  }

  async #dropOldest(): Promise<void> {
    const oldest = this.#rotated.at(-1);
    if (this.#rotated.length > this.#habits.keep && oldest !== undefined) await this.#unlink(oldest);
  }

  async #unlink(name: string): Promise<void> {
    const content = this.#contents.get(name) as Content;
    unlinkSync(`${this.#pathOf(name)}${content.isArchive ? '.gz' : ''}`);
    this.#contents.delete(name);
    this.#rotated = this.#rotated.filter((other) => other !== name);
    content.isDeleted = true;
    this.#destroyed(content);
  }

  async #emptyOut(): Promise<void> {
    const content = this.#contents.get('app.log') as Content;
    truncateSync(this.path);
    this.#destroyed(content);
    content.first = content.end;
  }

  #destroyed({ first, end }: Content): void {
    for (let line = first; line < end; line++) if (!this.#isStored(line)) this.#mayBeLost.add(line);
  }

  /** Whether nobody writes to it. */
  #isIdle(name: string): boolean {
    return this.#open?.content !== this.#contents.get(name);
  }

  #bytesOf({ first, end }: Content): number {
    let bytes = 0;
    for (let line = first; line < end; line++) bytes += this.#habits.textOf(line).length + 1;
    return bytes;
  }

  #pathOf(name: string): string {
    return join(this.directory, name);
  }
}
