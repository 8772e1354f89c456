/** A path in a real directory whose names move between two looks of a survey, as a test says. */
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import { Archives } from '../../agent/archives/archives.js';
import { type FileIdentity, lookAt, openLogFile, type SourceFile } from '../../agent/files/log-file.js';
import { MarkTrail } from '../../agent/files/mark.js';
import { closeAll } from '../../agent/rotation/candidates.js';
import { FilesInHand } from '../../agent/rotation/files-in-hand.js';
import { Pursuit } from '../../agent/rotation/pursuit.js';
import { RotatedNames } from '../../agent/rotation/rotated-names.js';
import { type Listed, listSiblings } from '../../agent/rotation/sibling-listing.js';
import { type Survey, type SurveyOptions, survey } from '../../agent/rotation/survey.js';
import { Ledger } from '../../agent/sources/ledger.js';
import { temporaryDirectory } from './temporary.js';

/** Before each look at the names, the next step is taken. */
class MovingNames extends RotatedNames {
  readonly steps: (() => void)[] = [];

  override of(base: string, directory: string): Promise<readonly string[]> {
    this.steps.shift()?.();
    return super.of(base, directory);
  }
}

export interface SurveyStand {
  readonly path: string;
  readonly inHand: FilesInHand;
  readonly pursuit: Pursuit;
  /** Renames the file at the path to `.1`, which is overwritten, and makes another one that holds the text. */
  rotateTo(text: string): () => void;
  /** With what is done before the first and before the second look at the names. */
  survey(steps: readonly (() => void)[], options?: Partial<SurveyOptions>): Promise<Survey>;
}

export const NOTHING = (): void => {};

/** A path whose first file, `a`, was read to its end and is held by its reader. */
export async function surveyStand(
  writtenAt: (text: string) => Date | undefined = () => undefined,
): Promise<SurveyStand> {
  const path = join(await temporaryDirectory(), 'app.log');
  const write = (text: string) => {
    writeFileSync(path, `${text}\n`);
    const at = writtenAt(text);
    if (at !== undefined) utimesSync(path, at, at);
  };
  write('a');
  const ledger = new Ledger('host');
  const file = await openLogFile(path);
  if (file === undefined) return expect.fail('no file');
  const look = await file.look();
  const { identity, modifiedNs } = look;
  const mark = (await MarkTrail.at(file, 2))?.mark(look) ?? expect.fail('no mark');
  const source = { channel: 'app', labels: {}, path, identity, generation: 0 };
  const known = ledger.admit(source);
  ledger.progress(known, { offset: 2, mark });
  const names = new MovingNames();
  const inHand = new FilesInHand();
  const pursuit = new Pursuit({ identity, modifiedNs });
  onTestFinished(async () => {
    await file.close();
    await inHand.closeBeyond(0);
  });
  const always: SurveyOptions = {
    ...{ path, ledger, names, inHand, lingerMs: 60_000, olderMax: 16, isCurrentKept: false },
    archives: new Archives(new AbortController().signal),
    isTaken: ({ inode }) => inode === identity.inode,
    isTailed: () => false,
    isLive: (source) => source === known,
    isHeld: async () => false,
    onListing: (listed) => pursuit.see(path, listed, (seen) => inHand.has(seen)),
  };
  return {
    ...{ path, inHand, pursuit },
    rotateTo: (text) => () => {
      if (existsSync(path)) renameSync(path, `${path}.1`);
      write(text);
    },
    survey: async (steps, options) => {
      names.steps.push(...steps);
      const found = await survey({ ...always, ...options });
      onTestFinished(() => closeAll([...found.older, ...(found.current ? [found.current] : [])]));
      return found;
    },
  };
}

/** As programs do it that compress for themselves. */
export function packAnew(path: string, at: Date): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  utimesSync(`${path}.gz`, at, at);
  rmSync(path);
}

/** As an archive of it gives the file back. */
export function unpackAnew(path: string): void {
  const { atime, mtime } = statSync(path);
  copyFileSync(path, `${path}.tmp`);
  utimesSync(`${path}.tmp`, atime, mtime);
  renameSync(`${path}.tmp`, path);
}

export async function identityAt(path: string): Promise<FileIdentity> {
  return (await lookAt(path))?.identity ?? expect.fail(`nothing at ${path}`);
}

export async function listing(path: string): Promise<Listed[]> {
  const names = new RotatedNames();
  const listed = await listSiblings({ path, names, sought: undefined, isTailed: () => false });
  return listed ?? expect.fail('names were moving');
}

export async function textsOf({ older, current }: Survey): Promise<string[]> {
  const textOf = async ({ file }: { file: SourceFile }) => {
    const bytes = Buffer.alloc((await file.look()).size);
    await file.read(bytes, 0);
    return bytes.toString().trimEnd();
  };
  return Promise.all([...older, ...(current ? [current] : [])].map(textOf));
}
