/** Whether an agent that is run by this user can read what it is to tail: files, and the output of commands. */
import { resolve } from 'node:path';
import { type PlannedSource, type PlanSettings, planOf } from '../../agent/discovery/plan.js';
import { systemCode } from '../../agent/files/system-error.js';
import { sourceInWords } from '../source-in-words.js';
import type { Finding } from './finding.js';

/** Of each kind of failure; a glob may mean thousands of files. */
const SHOWN_MAX = 10;

export interface FileCheckOptions {
  /** By which programs are found. */
  readonly searchPath?: string | undefined;
  /** As they were typed: a path is named so again. */
  readonly names?: readonly string[];
}

export function checkFiles(
  settings: PlanSettings | undefined,
  { searchPath, names = [] }: FileCheckOptions = {},
): Finding[] {
  if (settings === undefined) {
    const text = 'name files or globs, or give --config, to check that they can be read';
    return [{ level: 'skip', subject: 'files', text }];
  }
  const typed = new Map(names.map((name) => [resolve(name), name]));
  const nameOf = (path: string) => typed.get(path) ?? path;
  return planOf(settings, searchPath).sources.flatMap((source) =>
    source.rule.exec === undefined ? judgeFiles(source, nameOf) : [judgeCommand(source)],
  );
}

/** Says of an error what stands in the way of the file, and the next step. */
export function whyUnreadable(error: unknown): string {
  const code = systemCode(error);
  if (code === 'EACCES')
    return 'may not be read by this user: run the agent in its group (often adm), or use setfacl';
  if (code === 'EILSEQ') return 'has a name that is not UTF-8: rename it';
  return `cannot be read (${code ?? String(error)})`;
}

function judgeCommand({ rule, programProblem }: PlannedSource): Finding {
  const subject = 'command';
  const [program = ''] = rule.exec?.command ?? [];
  if (programProblem === undefined) return { level: 'ok', subject, text: `${program} can be started` };
  const text = `${program} cannot be started: ${programProblem}; install it, or name it by its path`;
  return { level: 'fail', subject, text };
}

function judgeFiles(source: PlannedSource, nameOf: (path: string) => string): Finding[] {
  const { missing, irregular, unreadable } = source;
  const failures = [
    ...shortened(missing.map((path) => `${nameOf(path)} ${NOT_THERE}`)),
    ...shortened(irregular.map((path) => `${nameOf(path)} ${NOT_REGULAR}`)),
    ...shortened([...unreadable].map(([path, error]) => `${nameOf(path)} ${whyUnreadable(error)}`)),
  ];
  const judgement = judgeRest(source, nameOf, failures.length > 0);
  const failed = failures.map((text): Finding => ({ level: 'fail', subject: 'files', text }));
  return judgement === undefined ? failed : [...failed, judgement];
}

const NOT_THERE = 'does not exist: correct the path, or start what writes it';
const NOT_REGULAR =
  'is no regular file: what comes out of it can be read as standard input (`tailrace agent - <file`)';

/** What can be read; nothing is said where nothing can and that is told already. */
function judgeRest(
  { rule, files, taken, unreadable }: PlannedSource,
  nameOf: (path: string) => string,
  hasFailed: boolean,
): Finding | undefined {
  const subject = 'files';
  const paths = files.map(({ path }) => path).filter((path) => !unreadable.has(path));
  const [path = ''] = paths;
  if (paths.length === 1) return { level: 'ok', subject, text: `${nameOf(path)} can be read` };
  const words = rule.include.length === 1 ? nameOf(rule.include[0] ?? '') : sourceInWords(rule);
  if (paths.length > 1) return { level: 'ok', subject, text: `${words}: ${paths.length} files can be read` };
  if (hasFailed) return undefined;
  const [taker] = taken.values();
  if (taker === undefined)
    return { level: 'ok', subject, text: `${words}: no file now; those that come are read` };
  return {
    level: 'warn',
    subject,
    text: `${words}: the first source that means a file has it: sources.${taker}`,
  };
}

function shortened(texts: readonly string[]): string[] {
  const rest = texts.length - SHOWN_MAX;
  return rest > 0 ? [...texts.slice(0, SHOWN_MAX), `… and ${rest} more like these`] : [...texts];
}
