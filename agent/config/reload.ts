/**
 * What a running agent can take over from another configuration: its sources. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FollowedRules } from '../lineages/lineages.js';
import type { AgentSettings } from './config.js';
import { type SourceRule, STANDARD_INPUT } from './source-rule.js';

/** Not of the configuration file, or taken over. */
const NO_MATTER: ReadonlySet<string> = new Set<keyof AgentSettings>(['sources', 'ownDirectories']);

/** Keys that differ and hold from the next start on only. Without values: they may be secrets. */
export function keysForRestart(before: AgentSettings, after: AgentSettings): string[] {
  const keys = Object.keys({ ...before, ...after }) as (keyof AgentSettings)[];
  const changed = keys.filter((key) => !NO_MATTER.has(key) && !isDeepStrictEqual(before[key], after[key]));
  const isSame = isDeepStrictEqual(pipeRules(before), pipeRules(after));
  return [...changed.map(asWritten), ...(isSame ? [] : ['source of standard input or of a command'])];
}

export function hasFiles({ sources }: AgentSettings): boolean {
  return sources.some(({ include }) => include.some((entry) => entry !== STANDARD_INPUT));
}

export function reloadSentence({ kept, changed, left }: FollowedRules): string {
  return (
    `configuration reloaded; files that go on as before: ${kept}, in another way from here on: ${changed}, ` +
    `read to their present end and let go of: ${left}; new ones are looked for`
  );
}

/** Of sources that are begun once, at the start: how they are treated. */
function pipeRules({ sources }: AgentSettings): Omit<SourceRule, 'include' | 'exclude'>[] {
  return sources
    .filter(({ include, exec }) => exec !== undefined || include.includes(STANDARD_INPUT))
    .map(({ include: _include, exclude: _exclude, ...treatment }) => treatment);
}

/** `openFilesMax` is `open_files_max` in the file. */
function asWritten(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
