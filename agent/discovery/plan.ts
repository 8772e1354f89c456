/**
 * What an agent with some settings would tail, as far as files can tell: it asks no store, so it does not know
 * what was read before. Looks at names and rights, and opens nothing.
 */
import { accessSync, constants } from 'node:fs';
import { messageOf } from '../../shared/errors.js';
import { channelOf } from '../config/channel-template.js';
import type { AgentSettings } from '../config/config.js';
import { pipeName, type SourceRule, STANDARD_INPUT } from '../config/source-rule.js';
import { AgedFiles } from './aged-files.js';
import { Discovery, type FoundFile } from './discovery.js';

export interface PlannedFile {
  readonly path: string;
  readonly channel: string;
}

export interface PlannedSource {
  readonly rule: SourceRule;
  readonly files: PlannedFile[];
  /** Named and not there. */
  readonly missing: string[];
  /** What cannot be read, with the reason. */
  readonly unreadable: string[];
  /** Files of those that are older than `ignore_older`. */
  readonly aged: string[];
}

export interface Plan {
  readonly sources: readonly PlannedSource[];
  /** Channels that several files share. */
  readonly shared: readonly { readonly channel: string; readonly paths: readonly string[] }[];
}

export function planOf(settings: AgentSettings): Plan {
  const sources = settings.sources.map(
    (rule): PlannedSource => ({ rule, files: [], missing: [], unreadable: [], aged: [] }),
  );
  const seen = new Set<string>();
  for (const source of sources) search(source, settings, seen);
  return { sources, shared: sharedChannels(sources.flatMap(({ files }) => files)) };
}

/** A file that several sources mean is treated as the first of them says. */
function search(
  source: PlannedSource,
  { host, ownDirectories = [] }: AgentSettings,
  seen: Set<string>,
): void {
  const { rule, files, missing, unreadable, aged } = source;
  if (rule.exec !== undefined || rule.include.includes(STANDARD_INPUT)) {
    const [path = 'standard input'] = rule.exec?.command ?? [];
    files.push({ path, channel: channelOf(rule.channel, `/${pipeName(rule)}`, host) });
  }
  const agedFiles = new AgedFiles();
  const onFile = (found: FoundFile) => {
    const { path } = found;
    if (seen.has(path)) return;
    seen.add(path);
    files.push({ path, channel: channelOf(rule.channel, path, host) });
    unreadable.push(...whyUnreadable(path));
    if (agedFiles.holds(found)) aged.push(path);
  };
  new Discovery([rule], ownDirectories, {
    onFile,
    onDirectory: () => {},
    onMissing: (path) => void missing.push(path),
    onCompressed: () => {},
    onReadable: () => {},
    onUnreadable: (_path, error) => void unreadable.push(messageOf(error)),
    onRotatedAway: () => {},
    isKnown: () => false,
  }).scan();
}

function whyUnreadable(path: string): string[] {
  try {
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    return [messageOf(error)];
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
