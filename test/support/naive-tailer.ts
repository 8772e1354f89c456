/**
 * The positive control of the agent's cases: a reader as many are, which knows a file by one thing alone and
 * remembers an offset for it. A case that such a reader passes would prove nothing.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `blind` knows a file by its name and never starts again; `eager` takes every look's end for a line's end;
 * `time` knows inodes, and leaves alone what was not written to later than all that it has read.
 */
export type KnownBy = 'name' | 'inode' | 'head' | 'blind' | 'eager' | 'time';

/** As the reader of a well-known shipper has it by default: shorter files are left alone. */
const HEAD_BYTES = 1024;

export class NaiveTailer {
  readonly lines: string[] = [];
  readonly #directory: string;
  readonly #names: RegExp;
  readonly #knownBy: KnownBy;
  readonly #offsets = new Map<string, number>();
  #readUpToMs = 0;

  /** `glob` is a name in the directory, in which `*` stands for anything. */
  constructor(directory: string, glob: string, knownBy: KnownBy) {
    this.#directory = directory;
    this.#names = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    this.#knownBy = knownBy;
  }

  /** Reads what every file has beyond its offset. */
  look(): void {
    for (const name of readdirSync(this.#directory)
      .filter((name) => this.#names.test(name))
      .sort())
      this.#read(join(this.#directory, name));
  }

  #read(path: string): void {
    if (!existsSync(path) || !statSync(path).isFile()) return;
    const { ino, mtimeMs } = statSync(path);
    if (this.#knownBy === 'time' && mtimeMs < this.#readUpToMs) return;
    this.#readUpToMs = Math.max(this.#readUpToMs, mtimeMs);
    const bytes = readFileSync(path);
    const key = this.#keyOf(path, ino, bytes);
    if (key === undefined) return;
    const before = this.#offsets.get(key) ?? 0;
    const offset = bytes.length < before && this.#knownBy !== 'blind' ? 0 : before;
    const end = this.#knownBy === 'eager' ? bytes.length : bytes.lastIndexOf('\n') + 1;
    if (end > offset) this.lines.push(...bytes.toString('utf8', offset, end).replace(/\n$/, '').split('\n'));
    this.#offsets.set(key, Math.max(offset, end));
  }

  #keyOf(path: string, inode: number, bytes: Buffer): string | undefined {
    if (this.#knownBy === 'inode' || this.#knownBy === 'time') return `${inode}`;
    if (this.#knownBy !== 'head') return path;
    return bytes.length < HEAD_BYTES ? undefined : bytes.toString('latin1', 0, HEAD_BYTES);
  }
}
