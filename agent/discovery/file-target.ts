/**
 * One `include` entry as something to look for: where to begin, how deep to go, and which files it means. Pure.
 */
import { basename, dirname, relative } from 'node:path';
import picomatch from 'picomatch';
import { type SourceRule, STANDARD_INPUT } from '../config/source-rule.js';

/** How deep `**` reaches; symbolic links may loop. */
const DEPTH_MAX = 16;

export interface FileTarget {
  readonly rule: SourceRule;
  /** A path that was named as it is: a file, or a directory whose files are meant. */
  readonly isNamed: boolean;
  /** The path named, or the directory that a glob begins in. */
  readonly base: string;
  /** Directories below `base` that files may be in. */
  readonly depth: number;
  /** Whether a file found by looking into directories is meant. */
  accepts(path: string): boolean;
}

export function targetsOf(rule: SourceRule, ownDirectories: readonly string[]): FileTarget[] {
  const isExcluded = excluderOf(rule.exclude, ownDirectories);
  return rule.include
    .filter((include) => include !== STANDARD_INPUT)
    .map((include) => {
      const { base, glob, isGlob } = picomatch.scan(include);
      return isGlob
        ? globTarget(rule, include, base === '' ? '/' : base, glob, isExcluded)
        : namedTarget(rule, include, isExcluded);
    });
}

function namedTarget(rule: SourceRule, include: string, isExcluded: (path: string) => boolean): FileTarget {
  const base = include.length > 1 ? include.replace(/\/+$/, '') : include;
  const accepts = (path: string) =>
    (path === base || (dirname(path) === base && !basename(path).startsWith('.'))) && !isExcluded(path);
  return { rule, isNamed: true, base, depth: 0, accepts };
}

function globTarget(
  rule: SourceRule,
  pattern: string,
  base: string,
  glob: string,
  isExcluded: (path: string) => boolean,
): FileTarget {
  const matches = picomatch(pattern);
  const depth = /\*\*|[{(]/.test(glob) ? DEPTH_MAX : glob.split('/').length - 1;
  return { rule, isNamed: false, base, depth, accepts: (path) => matches(path) && !isExcluded(path) };
}

function excluderOf(
  exclude: readonly string[],
  ownDirectories: readonly string[],
): (path: string) => boolean {
  const byPath = picomatch(exclude.filter((glob) => glob.includes('/')));
  const byName = picomatch(exclude.filter((glob) => !glob.includes('/')));
  return (path) =>
    byPath(path) || byName(basename(path)) || ownDirectories.some((own) => isInside(own, path));
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '' && way !== '..' && !way.startsWith('../');
}
