/**
 * Debian's programs that some tests drive. Where one is missing the test skips with a sentence that says how
 * to get it; with CI=true it fails instead, so that a pipeline cannot lose a test in silence.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';

/** Programs of an administrator are not on everybody's PATH. */
const ALSO_IN = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

const PACKAGES: Readonly<Record<string, string>> = {
  nginx: 'nginx-light',
  wrk: 'wrk',
  logrotate: 'logrotate',
  chromium: 'chromium',
  strace: 'strace',
  script: 'bsdutils',
  'systemd-analyze': 'systemd',
  rsyslogd: 'rsyslog-hiredis',
};

/** The paths of the programs by name. Skips the test, or fails it where CI=true, when one is missing. */
export function requirePrograms<Name extends string>(
  context: TestContext,
  names: readonly Name[],
): Record<Name, string> {
  const paths = names.map((name) => [name, findProgram(name)] as const);
  const missing = paths.flatMap(([name, path]) => (path === undefined ? [name] : []));
  if (missing.length > 0) refuse(context, missing);
  return Object.fromEntries(paths) as Record<Name, string>;
}

export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO_IN];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function refuse(context: TestContext, missing: readonly string[]): never {
  const packages = missing.map((name) => PACKAGES[name] ?? name).join(' ');
  const sentence = `needs ${missing.join(', ')}: apt-get install --no-install-recommends ${packages}`;
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stdout.write(`skipped, ${sentence}\n`);
  return context.skip(sentence);
}
