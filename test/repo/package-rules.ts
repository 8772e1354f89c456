/** What the packages must be like. Each rule takes a lockfile and returns its violations; none reads the disk. */

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
}

/** The oldest Node that tailrace runs on. */
export const NODE_MIN = '20.19.0';

/** A lockfile that names hosts sends everybody to one mirror; npm finds its registry by itself. */
export function lockfileNamesNoHost({ packages }: Lockfile): string[] {
  return entries(packages).flatMap(([path, { resolved }]) => (resolved === undefined ? [] : [path]));
}

/** Optional ones are builds for one platform each, and a mirror may not carry those of foreign platforms. */
export function lockfileHasChecksums({ packages }: Lockfile): string[] {
  return entries(packages)
    .filter(([, { integrity, optional }]) => integrity === undefined && optional !== true)
    .map(([path]) => path);
}

export function everyPackageRunsOnOurNode({ packages }: Lockfile): string[] {
  return entries(packages)
    .filter(([, { engines }]) => !satisfies(NODE_MIN, engines?.['node'] ?? '*'))
    .map(([path, { engines }]) => `${path} needs Node ${engines?.['node']}`);
}

/**
 * Whether a version lies in a range of the forms that packages use here: alternatives by `||`, each of
 * comparators that must all hold. Throws for any other form, so that none is passed by mistake.
 */
export function satisfies(version: string, range: string): boolean {
  return range.split('||').some((alternative) => {
    const comparators = alternative
      .trim()
      .replace(/([<>=^~])\s+/g, '$1')
      .split(/\s+/);
    return comparators.every((comparator) => compares(version, comparator));
  });
}

function compares(version: string, comparator: string): boolean {
  if (comparator === '' || comparator === '*') return true;
  const match = /^(>=|>|<=|<|=|\^|~)?v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?$/.exec(comparator);
  if (match === null) throw new Error(`cannot read the version range ${comparator}`);
  const [, operator = '^', major, minor, patch] = match;
  const difference = compareVersions(
    version,
    [major, minor, patch].map((part) => Number(part) || 0),
  );
  const isSameMajor = version.startsWith(`${major}.`);
  if (operator === '>=') return difference >= 0;
  if (operator === '>') return difference > 0;
  if (operator === '<=') return difference <= 0;
  if (operator === '<') return difference < 0;
  return isSameMajor && difference >= 0;
}

function compareVersions(version: string, other: readonly number[]): number {
  const parts = version.split('.').map(Number);
  const index = parts.findIndex((part, position) => part !== other[position]);
  return index === -1 ? 0 : (parts[index] ?? 0) - (other[index] ?? 0);
}

function entries(packages: Lockfile['packages']): [string, LockedPackage][] {
  return Object.entries(packages).filter(([path]) => path !== '');
}
