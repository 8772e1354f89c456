/** The status of an agent as text for a person: a summary, then a table of its files. Pure. */
import { type AgentStatus, type FileStatus, STATES } from '../agent/status/status-shape.js';
import { printable } from '../shared/printable.js';
import { bytesInWords } from './bytes-in-words.js';
import { inWords } from './time-in-words.js';

const HEADS = ['STATE', 'UNREAD', 'LAG', 'SIZE', 'OFFSET', 'CHANNEL', 'PATH'] as const;

/** Columns of numbers are read from their right end. */
const IS_RIGHT = [false, true, true, true, true, false, false];

export function statusText(status: AgentStatus): string {
  const { files, omittedFiles, storeAway } = status;
  const lines = [summary(status)];
  if (storeAway !== undefined) {
    lines.push(`the store is away since ${storeAway.since}: ${storeAway.message}`);
  }
  if (!status.isAtWork) lines.push('it waits to hear from the store how far files are stored');
  if (files.length > 0) lines.push('', ...table(files));
  if (omittedFiles > 0) lines.push(`… and ${counted(omittedFiles, 'more file')} (--all shows them)`);
  // Names of files may hold anything, also what a terminal would obey.
  return `${lines.map(printable).join('\n')}\n`;
}

function summary(status: AgentStatus): string {
  const { pid, host, tenant, stats, uptimeSeconds } = status;
  return (
    `agent ${pid} on ${host} for tenant ${tenant}, up ${inWords(uptimeSeconds * 1_000)}: ` +
    `${filesInWords(status)}, ${unreadInWords(status)}, ${counted(Number(stats['lines'] ?? 0), 'line')} appended`
  );
}

/** Before the agent is at work there may be more than it says, and 0 means nothing. */
function filesInWords({ states, isAtWork }: AgentStatus): string {
  const present = STATES.filter((state) => states[state] > 0);
  const total = present.reduce((sum, state) => sum + states[state], 0);
  if (!isAtWork && total === 0) return 'files not known yet';
  const split = present.map((state) => `${number(states[state])} ${words(state)}`).join(', ');
  return `${counted(total, 'file')}${split === '' ? '' : ` (${split})`}${isAtWork ? '' : ', others not known yet'}`;
}

function unreadInWords({ isAtWork, unreadBytes, lagSeconds }: AgentStatus): string {
  if (!isAtWork) return 'unread bytes not known yet';
  if (unreadBytes === 0) return 'nothing unread';
  return `${bytesInWords(unreadBytes)} unread, the oldest for ${inWords(lagSeconds * 1_000)}`;
}

function table(files: readonly FileStatus[]): string[] {
  const rows = files.map(cells);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (IS_RIGHT[column] ? cell.padStart(widths[column] ?? 0) : pad(cell, column)))
      .join('  ');
  const pad = (cell: string, column: number) =>
    column === HEADS.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
  return [line(HEADS), ...files.flatMap((file, index) => [line(rows[index] ?? []), ...errorOf(file)])];
}

function cells({ state, unreadBytes, lagSeconds, sizeBytes, offsetBytes, channel, path }: FileStatus) {
  const lag = unreadBytes === 0 ? '-' : inWords(lagSeconds * 1_000);
  const sizes = [bytesInWords(unreadBytes), lag, bytesInWords(sizeBytes), bytesInWords(offsetBytes)];
  return [words(state), ...sizes, channel === '' ? '-' : channel, path];
}

function errorOf({ lastError }: FileStatus): string[] {
  if (lastError === undefined) return [];
  const { message, since, isOver } = lastError;
  return [`    ${isOver ? 'earlier' : 'error'}: ${message}${since === undefined ? '' : ` (since ${since})`}`];
}

function words(state: string): string {
  return state.replaceAll('_', ' ');
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
