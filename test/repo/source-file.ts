/** The files of this repository as the rules see them: a path from the root and a text. Reads, never judges. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const GENERATED = new Set(['node_modules', 'dist', '.git', '.tailrace', 'coverage']);
const GENERATED_PATHS = new Set(['bench/results']);

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** All files whose name ends in one of the suffixes, sorted by path. */
export function repositoryFiles(suffixes: readonly string[]): SourceFile[] {
  return [...walk(ROOT)]
    .filter((path) => suffixes.some((suffix) => path.endsWith(suffix)))
    .sort()
    .map(readSource);
}

export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

export const PRODUCT_FOLDERS = ['shared', 'agent', 'hub', 'client', 'cli'] as const;

export function isProduct({ path }: SourceFile): boolean {
  return PRODUCT_FOLDERS.some((folder) => path.startsWith(`${folder}/`));
}

/** The text with comments blanked, line by line, so that a rule about code is not tripped by prose. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank);
}

function* walk(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = relative(ROOT, join(directory, entry.name));
    if (entry.isDirectory()) {
      if (!GENERATED.has(entry.name) && !GENERATED_PATHS.has(path)) yield* walk(join(directory, entry.name));
    } else if (entry.isFile()) yield path;
  }
}
