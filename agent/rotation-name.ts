/**
 * Which names a rotation gives to a file, in one place. Pure: it knows names, never files. A name alone never
 * proves a rotation; it only says where to look, and which files are not tailed as files of their own.
 */

const COUNT = String.raw`\d{1,4}`;
const TIME = String.raw`[T_.-]?\d{2}[-:.]?\d{2}(?:[-:.]?\d{2})?`;
const DATE = String.raw`(?:19|20)\d{2}-?\d{2}-?\d{2}(?:${TIME})?`;
const EPOCH_SECONDS = String.raw`\d{10}`;
const COMPRESSED = String.raw`\.(?:gz|Z|bz2|xz|lzma|zst|lz4|br|zip)`;

/** `.1`, `-20261123`, `.2026-11-23`, `-2026-11-23T06`, `-1795413600`, `.old`, and `.2026-11-23.1`. */
const BEHIND = new RegExp(
  `^[._-](?:${COUNT}|${DATE}|${EPOCH_SECONDS}|old|prev|previous)(?:[._-]${COUNT})?(?:${COMPRESSED})?$`,
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

/** Whether `name` is one that a rotation of `base` in the same directory may have given. */
export function isRotationOf(base: string, name: string): boolean {
  if (name.startsWith(base) && BEHIND.test(name.slice(base.length))) return true;
  const dot = base.lastIndexOf('.');
  if (dot <= 0) return false;
  const plain = name.replace(COMPRESSED_END, '');
  const [stem, extension] = [base.slice(0, dot), base.slice(dot)];
  if (!plain.startsWith(stem) || !plain.endsWith(extension)) return false;
  return BEFORE_EXTENSION.test(plain.slice(stem.length, -extension.length));
}

/** Every base that `name` may be a rotation of: what `isRotationOf` says yes to, shortest first. */
export function basesOf(name: string): string[] {
  if (!/[._-](?:\d|old|prev)/.test(name)) return [];
  const bases = new Set<string>();
  const plain = name.replace(COMPRESSED_END, '');
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
  const byDate = compareText(DATE_ANYWHERE.exec(a)?.[0] ?? '', DATE_ANYWHERE.exec(b)?.[0] ?? '');
  return byDate !== 0 ? byDate : countOf(b) - countOf(a);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countOf(name: string): number {
  return Number(COUNT_AT_END.exec(name)?.[1] ?? 0);
}
