/**
 * Files of one path that are open and have no place yet. While names move, a survey cannot tell what they are; they
 * stay here until one can, so that no rotation takes away what the agent had hold of.
 */
import type { SourcePosition } from '../../shared/store/log-store.js';
import {
  type FileIdentity,
  isSameFile,
  type LogFile,
  openLogFile,
  type SourceFile,
} from '../files/log-file.js';
import { fits, isEvidence } from '../files/mark.js';
import { isListed, type Listed } from './sibling-listing.js';

/**
 * What ties a file to the path, the weakest first. `name`: it has one that a rotation gives. `reading`: it was read as
 * one of the path's, so that what it holds now came in between. `place`: it was the file at the path, and its bytes
 * are the path's, whatever its time says and whatever they are like.
 */
const TIES = ['name', 'reading', 'place'] as const;

export type Tie = (typeof TIES)[number];

interface InHand {
  readonly file: LogFile;
  readonly tie: Tie;
  /** What it began with, and with what after each truncation that was seen; the last ones. */
  readonly beginnings: readonly SourcePosition[];
}

/** Truncations of one file that are remembered. */
const BEGINNINGS_MAX = 8;

export class FilesInHand {
  /** The oldest first. */
  #files: InHand[] = [];

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  /** From now on its handle is this one's to close. Of two handles of one file the first is kept. */
  async add(file: LogFile, tie: Tie): Promise<void> {
    const held = this.#heldOf(file.identity);
    if (held === undefined) return void this.#files.push({ file, tie, beginnings: [] });
    this.#replace(held, held.file, tie);
    await file.close();
  }

  has(identity: FileIdentity): boolean {
    return this.#heldOf(identity) !== undefined;
  }

  wasAtPath(identity: FileIdentity): boolean {
    return this.#heldOf(identity)?.tie === 'place';
  }

  wasRead(identity: FileIdentity): boolean {
    return this.#heldOf(identity)?.tie === 'reading';
  }

  /** The listed file under its listed name. Undefined where the name stands for none, or another, by now. */
  async open({ path, look: { identity } }: Listed, tie: Tie): Promise<LogFile | undefined> {
    const held = this.#heldOf(identity);
    if (held?.file.isStale === false) return this.#replace(held, held.file.named(path), tie);
    const file = await openLogFile(path);
    if (file === undefined) return undefined;
    const isSame = isSameFile(file.identity, identity);
    if (isSame && held !== undefined) await this.discard(held.file);
    await this.add(file, isSame ? stronger(tie, held?.tie) : tie);
    return isSame ? file : undefined;
  }

  /** It was looked into. `unreadMark`: of its beginning; it may be truncated any time. */
  async begin(file: SourceFile, unreadMark: string): Promise<void> {
    const beginning = { offset: 0, mark: unreadMark };
    const last = this.beginningsOf(file).at(-1);
    if (!isEvidence(beginning) || (last !== undefined && (await fits(file, last)))) return;
    const held = this.#files.find((one) => one.file === file);
    if (held === undefined) return;
    const beginnings = [...held.beginnings, beginning].slice(-BEGINNINGS_MAX);
    this.#files[this.#files.indexOf(held)] = { ...held, beginnings };
  }

  /** The oldest first. */
  beginningsOf(file: SourceFile): readonly SourcePosition[] {
    return this.#files.find((held) => held.file === file)?.beginnings ?? [];
  }

  /** Those that have none of the listed names any more. */
  nameless(listed: readonly Listed[]): LogFile[] {
    return this.#files.map(({ file }) => file).filter(({ identity }) => !isListed(identity, listed));
  }

  /** `listed`: oldest first. What is not among them stays behind the files that it was behind before. */
  arrange(listed: readonly Listed[]): void {
    const before = this.#files;
    const inOrder = listed.flatMap(({ look }) => this.#heldOf(look.identity) ?? []);
    for (const held of before.filter((one) => !inOrder.includes(one))) {
      const older = before.slice(0, before.indexOf(held));
      inOrder.splice(inOrder.findLastIndex((other) => older.includes(other)) + 1, 0, held);
    }
    this.#files = inOrder;
  }

  /** Which of two is older, as far as their names told while they had some; 0 where one of them is not in hand. */
  compareAge(a: SourceFile, b: SourceFile): number {
    const indexOf = (file: SourceFile) => this.#files.findIndex((held) => held.file === file);
    const [indexOfA, indexOfB] = [indexOf(a), indexOf(b)];
    return indexOfA === -1 || indexOfB === -1 ? 0 : indexOfA - indexOfB;
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

  /** Keeps so many, the oldest. */
  async closeBeyond(count: number): Promise<void> {
    await Promise.all(this.#files.splice(count).map(({ file }) => file.close()));
  }

  #heldOf(identity: FileIdentity): InHand | undefined {
    return this.#files.find(({ file }) => isSameFile(file.identity, identity));
  }

  #replace(held: InHand, file: LogFile, tie: Tie): LogFile {
    this.#files[this.#files.indexOf(held)] = { ...held, file, tie: stronger(tie, held.tie) };
    return file;
  }
}

function stronger(a: Tie, b: Tie = 'name'): Tie {
  return TIES.indexOf(a) > TIES.indexOf(b) ? a : b;
}
