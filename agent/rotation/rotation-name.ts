/**
 * Which names a rotation gives to a file, in one place. Pure: it knows names, never files. A name alone never
 * proves a rotation; it only says where to look, and which files are not tailed as files of their own.
 */
import { basename } from 'node:path';

const COUNT = String.raw`\d{1,4}`;
const TIME = String.raw`[T_.-]?\d{2}[-:.]?\d{2}(?:[-:.]?\d{2})?`;
const DATE = String.raw`(?:19|20)\d{2}-?\d{2}-?\d{2}(?:${TIME})?`;
const EPOCH_SECONDS = String.raw`\d{10}`;
const COMPRESSED = String.raw`\.(?:gz|Z|bz2|xz|lzma|zst|lz4|br|zip)`;

/**
 * `.1`, `-20261123`, `.2026-11-23`, `-2026-11-23T06`, `-1795413600`, `.old`, `.2026-11-23.1`, and
 * `-20261123-1795413600`.
 */
const BEHIND = new RegExp(
  `^[._-](?:${COUNT}|${DATE}|${EPOCH_SECONDS}|old|prev|previous)(?:[._-](?:${COUNT}|${EPOCH_SECONDS}))?` +
    `(?:${COMPRESSED})?$`,
);

/**
 * `app-20261123.log` for `app.log`: only dates. A count there (`worker-1.log` beside `worker.log`) is as often
 * a file of its own, and one that was renamed is recognised by its identity anyway.
 */
const BEFORE_EXTENSION = new RegExp(`^[._-]${DATE}(?:[._-]${COUNT})?$`);

const DATE_ANYWHERE = new RegExp(DATE);
const COUNT_AT_END = new RegExp(`[._-](${COUNT})$`);
const COMPRESSED_END = new RegExp(`${COMPRESSED}$`);

export function isCompressedName(name: string): boolean {
  return COMPRESSED_END.test(name);
}

/** Whether a compressed file of this name can be unpacked here: Node.js knows no other of these formats. */
export function isGzipName(name: string): boolean {
  return name.endsWith('.gz');
}

/** The name that a compressed file had before, and has again once it is unpacked. */
export function uncompressedName(name: string): string {
  return name.replace(COMPRESSED_END, '');
}

/** Whether `name` is one that a rotation of `base` in the same directory may have given. */
export function isRotationOf(base: string, name: string): boolean {
  if (name.startsWith(base) && BEHIND.test(name.slice(base.length))) return true;
  const dot = base.lastIndexOf('.');
  if (dot <= 0) return false;
  const plain = uncompressedName(name);
  const [stem, extension] = [base.slice(0, dot), base.slice(dot)];
  if (!plain.startsWith(stem) || !plain.endsWith(extension)) return false;
  return BEFORE_EXTENSION.test(plain.slice(stem.length, -extension.length));
}

/** Every base that `name` may be a rotation of: what `isRotationOf` says yes to, shortest first. */
export function basesOf(name: string): string[] {
  if (!/[._-](?:\d|old|prev)/.test(name)) return [];
  const bases = new Set<string>();
  const plain = uncompressedName(name);
  const dot = plain.lastIndexOf('.');
  const extension = dot > 0 ? plain.slice(dot) : '';
  for (let length = 1; length < plain.length; length++) {
    bases.add(name.slice(0, length));
    if (extension !== '') bases.add(plain.slice(0, length) + extension);
  }
  return [...bases].filter((base) => isRotationOf(base, name));
}

/**
 * Orders rotations of one base from old to new where the files' times do not tell: a later date is newer, a
 * higher count is older.
 */
export function compareRotationAge(a: string, b: string): number {
  const [dateOfA, dateOfB] = [dateOf(a), dateOf(b)];
  return dateOfA === dateOfB ? countOf(b) - countOf(a) : dateOfA < dateOfB ? -1 : 1;
}

/** Whether the names alone tell which of the two files is older: both hold a date, or both a count. */
export function isComparableAge(a: string, b: string): boolean {
  return (dateOf(a) === '') === (dateOf(b) === '') && compareRotationAge(a, b) !== 0;
}

export function isDatedName(path: string): boolean {
  return dateOf(path) !== '';
}

export function isLaterDate(a: string, b: string): boolean {
  return dateOf(a) > dateOf(b);
}

function dateOf(path: string): string {
  return DATE_ANYWHERE.exec(basename(path))?.[0] ?? '';
}

function countOf(path: string): number {
  return Number(COUNT_AT_END.exec(uncompressedName(path))?.[1] ?? 0);
}
