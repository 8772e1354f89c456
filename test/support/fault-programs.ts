/**
 * Debian's programs that some tests drive. Where one is missing the test skips with a sentence that says how
 * to get it; with CI=true it fails instead, so that a pipeline cannot lose a test in silence.
 */
import type { TestContext } from 'vitest';
import { find, PACKAGES } from '../../scripts/programs.mjs';

/** The paths of the programs by name. Skips the test, or fails it where CI=true, when one is missing. */
export function requirePrograms<Name extends string>(
  context: TestContext,
  names: readonly Name[],
): Record<Name, string> {
  const paths = names.map((name) => [name, find(name)] as const);
  const missing = paths.flatMap(([name, path]) => (path === undefined ? [name] : []));
  if (missing.length > 0) refuse(context, missing);
  return Object.fromEntries(paths) as Record<Name, string>;
}

function refuse(context: TestContext, missing: readonly string[]): never {
  const packages = missing.map((name) => PACKAGES[name] ?? name).join(' ');
  const sentence = `needs ${missing.join(', ')}: apt-get install --no-install-recommends ${packages}`;
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stdout.write(`skipped, ${sentence}\n`);
  return context.skip(sentence);
}
