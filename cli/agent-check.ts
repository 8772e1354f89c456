/** `tailrace agent --check`: what an agent with this configuration would tail now. Begins no file. */
import { type PlannedSource, planOf } from '../agent/discovery/plan.js';
import { printable } from '../shared/printable.js';
import { parseRedisUrl } from '../shared/store/redis/address.js';
import { type AgentFlags, readAgentSettings } from './agent-settings.js';
import { whyUnreadable } from './checks/files.js';
import { EXIT, type Shell } from './shell.js';
import { sourceInWords } from './source-in-words.js';

/** Of each list; a glob may mean thousands of files. */
const SHOWN_MAX = 10;

export function checkAgent(files: string[], flags: AgentFlags, shell: Shell): number {
  const settings = readAgentSettings(files, flags, shell);
  const { tenant, host, redis } = settings;
  const { label } = parseRedisUrl(redis.url);
  const { sources, shared } = planOf(settings, shell.env['PATH']);
  const sharing = shared.map(({ channel, paths }) => `${channel}: ${shortened(paths).join(', ')}`);
  const lines = [
    `the configuration is valid: tenant ${tenant}, host ${host}, redis ${label} (not asked: doctor does that)`,
    ...sources.flatMap(sourceLines),
    ...section('several files go into one channel', sharing),
  ];
  // Names of files may hold anything, also what a terminal would obey.
  shell.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
  return EXIT.ok;
}

function sourceLines(source: PlannedSource, index: number): string[] {
  const { rule, files, taken, missing, irregular, unreadable, aged, programProblem } = source;
  const what = rule.exec === undefined ? 'file' : 'command';
  const count = `${files.length} ${files.length === 1 ? what : `${what}s`} now`;
  const found = files.map(({ path, channel }) => `${path} to ${channel}`);
  return [
    `sources.${index}: ${sourceInWords(rule)}`,
    ...[
      ...(files.length === 0 ? [count] : section(count, found)),
      ...section(
        'read by an earlier source',
        [...taken].map(([path, taker]) => `${path} by sources.${taker}`),
      ),
      ...section('not there yet', missing),
      ...section('no regular file, and not read', irregular),
      ...section(
        'cannot be read',
        [...unreadable].map(([path, error]) => `${path} ${whyUnreadable(error)}`),
      ),
      ...section('cannot be started', programProblem === undefined ? [] : [programProblem]),
      ...section('older than ignore_older: where no agent has read them, not before they change', aged),
    ].map(indented),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...shortened(lines).map(indented)];
}

function shortened(lines: readonly string[]): string[] {
  const rest = lines.length - SHOWN_MAX;
  return rest > 0 ? [...lines.slice(0, SHOWN_MAX), `and ${rest} more`] : [...lines];
}

function indented(line: string): string {
  return `  ${line}`;
}
