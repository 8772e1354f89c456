/**
 * The names of sources in the store. They are derived and not drawn: two agents and every restart give the same
 * generation of a file the same name. Pure.
 *
 * `<host, device and inode>.<generation>`, and where the source moved to another channel or other labels, behind
 * that the offset at which it did and what it moved to: the same move has the same name, and no other has.
 */
import { hash } from 'node:crypto';
import { type FileIdentity, identityKey } from '../files/log-file.js';

const FILE_CHARACTERS = 20;
const TARGET_CHARACTERS = 8;

export type Labels = Readonly<Record<string, string>>;

export function sourceId(host: string, identity: FileIdentity, generation: number): string {
  const file = hash('sha256', `${host}\n${identityKey(identity)}`, 'hex').slice(0, FILE_CHARACTERS);
  return [file, generation].join('.');
}

export function movedSourceId(source: string, offset: number, channel: string, labels: Labels): string {
  const target = hash('sha256', `${channel}\n${labelsKey(labels)}`, 'hex').slice(0, TARGET_CHARACTERS);
  return `${stemOf(source)}.${offset.toString(36)}.${target}`;
}

/** What all names of one generation of a file have in common. */
export function stemOf(source: string): string {
  return source.split('.', 2).join('.');
}

export function isSameLabels(a: Labels, b: Labels): boolean {
  return a === b || labelsKey(a) === labelsKey(b);
}

/** The same for equal labels. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
