/** `npm run check`: format, lint, types and the repository's own rules. All run; what failed is named last. */
import { install, node } from './set-up.mjs';

const colours = process.stdout.isTTY ? [] : ['--colors=off'];

const CHECKS = [
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', ...colours]],
  ['types', 'node_modules/typescript/bin/tsc', ['-b']],
  ['repository rules', 'node_modules/vitest/vitest.mjs', ['run', '--project', 'repo']],
];

install();
const failed = CHECKS.filter(([, script, args]) => node(script, args).status !== 0).map(([name]) => name);
console.log(failed.length === 0 ? 'check: passed' : `check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
