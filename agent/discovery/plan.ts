/**
 * What an agent with some settings would tail, as far as files can tell: it asks no store, so it does not know
 * what was read before. Looks at names and rights, and opens nothing.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { channelOf } from '../config/channel-template.js';
import type { AgentSettings } from '../config/config.js';
import { pipeName, type SourceRule, STANDARD_INPUT } from '../config/source-rule.js';
import { isIrregular } from '../files/irregular-file.js';
import { programProblem } from '../pipes/program-search.js';
import { AgedFiles } from './aged-files.js';
import { Discovery, type FoundFile } from './discovery.js';
import { targetsOf } from './file-target.js';

export interface PlannedFile {
  readonly path: string;
  readonly channel: string;
}

export interface PlannedSource {
  readonly rule: SourceRule;
  readonly files: PlannedFile[];
  /** Files that an earlier source means too and has therefore, with its place among the sources. */
  readonly taken: Map<string, number>;
  /** Named and not there; of a glob the directory that it begins in. */
  readonly missing: string[];
  /** Named and there, and no regular file. */
  readonly irregular: string[];
  /** What cannot be read, with the error. */
  readonly unreadable: Map<string, unknown>;
  /** Files of those that are older than `ignore_older`. */
  readonly aged: string[];
  /** Why its command cannot be started. */
  readonly programProblem?: string;
}

export interface Plan {
  readonly sources: readonly PlannedSource[];
  /** Channels that several files share. */
  readonly shared: readonly { readonly channel: string; readonly paths: readonly string[] }[];
}

export type PlanSettings = Pick<AgentSettings, 'sources' | 'host' | 'ownDirectories'>;

/** `searchPath` is the PATH by which programs are found. */
export function planOf(settings: PlanSettings, searchPath?: string): Plan {
  const sources = settings.sources.map((rule) => begun(rule, searchPath));
  const takers = new Map<string, number>();
  for (const index of sources.keys()) search(sources, index, settings, takers);
  return { sources, shared: sharedChannels(sources.flatMap(({ files }) => files)) };
}

function begun(rule: SourceRule, searchPath: string | undefined): PlannedSource {
  const [program] = rule.exec?.command ?? [];
  const problem = program === undefined ? undefined : programProblem(program, searchPath);
  return {
    ...{ rule, files: [], taken: new Map(), missing: [], irregular: [], unreadable: new Map(), aged: [] },
    ...(problem !== undefined && { programProblem: problem }),
  };
}

/** A file that several sources mean is treated as the first of them says. */
function search(
  sources: readonly PlannedSource[],
  index: number,
  { host, ownDirectories = [] }: PlanSettings,
  takers: Map<string, number>,
): void {
  const source = sources[index];
  if (source === undefined) return;
  const { rule, files, taken, unreadable, aged } = source;
  if (rule.exec !== undefined || rule.include.includes(STANDARD_INPUT)) {
    const [path = 'standard input'] = rule.exec?.command ?? [];
    files.push({ path, channel: channelOf(rule.channel, `/${pipeName(rule)}`, host) });
  }
  const agedFiles = new AgedFiles();
  const onFile = (found: FoundFile) => {
    const { path } = found;
    const taker = takers.get(path) ?? index;
    if (taker !== index) taken.set(path, taker);
    if (takers.has(path)) return;
    takers.set(path, index);
    files.push({ path, channel: channelOf(rule.channel, path, host) });
    checkReadable(path, unreadable);
    if (agedFiles.holds(found)) aged.push(path);
  };
  new Discovery([rule], ownDirectories, {
    onFile,
    onDirectory: () => {},
    onDirectoryGone: () => {},
    onMissing: (path) => addMissing(path, source),
    onCompressed: () => {},
    onReadable: () => {},
    onUnreadable: (path, error) => void unreadable.set(path, error),
    onRotatedAway: () => {},
    isKnown: () => false,
  }).scan();
  for (const { isNamed, base } of targetsOf(rule, ownDirectories))
    if (!isNamed && !existsSync(base)) addMissing(base, source);
}

function addMissing(path: string, { missing, irregular, unreadable }: PlannedSource): void {
  if (unreadable.has(path)) return;
  if (isIrregular(path)) irregular.push(path);
  else missing.push(path);
}

function checkReadable(path: string, unreadable: Map<string, unknown>): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    unreadable.set(path, error);
  }
}

function sharedChannels(files: readonly PlannedFile[]): Plan['shared'] {
  const paths = new Map<string, string[]>();
  for (const { path, channel } of files) {
    const others = paths.get(channel);
    if (others === undefined) paths.set(channel, [path]);
    else others.push(path);
  }
  return [...paths]
    .filter(([, some]) => some.length > 1)
    .map(([channel, some]) => ({ channel, paths: some }));
}
