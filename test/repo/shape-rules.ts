/**
 * What files look like and which words they may not hold. Each rule takes files and returns its violations;
 * none reads the disk.
 */
import { basename } from 'node:path/posix';
import { isProduct, type SourceFile, withoutComments } from './source-file.js';

const FILE_LINES_MAX = 300;

export function filesAreShort(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

const VAGUE_NAMES = /^(utils?|helpers?|managers?|types|misc|common)\b/;

export function namesSaySomething(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => VAGUE_NAMES.test(basename(path))).map(({ path }) => path);
}

/** Tests speak through their titles; everything else begins with what it owns. */
export function filesBeginWithAPurpose(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !path.endsWith('.test.ts') && path !== 'vitest.config.ts')
    .filter(({ path, text }) => !startsWithComment(path, text))
    .map(({ path }) => path);
}

const PROCESS_EDGE = /\bprocess\.(env|argv|exit|exitCode|on|once|kill|abort)\b|from 'node:process'/;

export function onlyMainTouchesTheProcess(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && file.path !== 'cli/main.ts')
    .filter(({ text }) => PROCESS_EDGE.test(withoutComments(text)))
    .map(({ path }) => path);
}

export function productDoesNotPrint(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && /\bconsole\./.test(withoutComments(file.text)))
    .map(({ path }) => path);
}

const FLAKY = /\bretry:\s*[1-9]|\.(only|todo)\(|\bMath\.random\(\)\s*[<>].*expect/;

export function testsAreFinishedAndNotRetried(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('test/') && !path.startsWith('test/repo/'))
    .filter(({ text }) => FLAKY.test(withoutComments(text)))
    .map(({ path }) => path);
}

/** Paths of somebody's machine, and hosts of package registries: neither means anything elsewhere. */
const MACHINE = /\/(?:home|Users)\/[a-z]|\/work\/|https?:\/\/[^/\s]*registry/;

export function nothingNamesAMachine(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !path.startsWith('test/repo/'))
    .flatMap(({ path, text }) => {
      const line = text.split('\n').findIndex((candidate) => MACHINE.test(candidate));
      return line === -1 ? [] : [`${path}:${line + 1}`];
    });
}

const OPENINGS: Readonly<Record<string, RegExp>> = {
  '.lua': /^(#!.*\n)?--/,
  '.ts': /^(#!.*\n)?\/\*\*/,
  '.mjs': /^(#!.*\n)?\/\*\*/,
};

function startsWithComment(path: string, text: string): boolean {
  const opening = OPENINGS[path.slice(path.lastIndexOf('.'))];
  return opening?.test(text) ?? true;
}
