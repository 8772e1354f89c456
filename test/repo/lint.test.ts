import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.js';
import { ROOT } from './source-file.js';

/** What biome says of a file under this repository's configuration. */
async function lint(text: string): Promise<{ passes: boolean; output: string }> {
  const file = join(await temporaryDirectory(), 'sample.ts');
  await writeFile(file, text);
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--error-on-warnings', `--config-path=${ROOT}`, file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { passes: status === 0, output: stdout + stderr };
}

function functionOf(lines: number): string {
  return `export function long(f: (n: number) => void): void {\n${'  f(1);\n'.repeat(lines)}}\n`;
}

describe('the linter', () => {
  test('passes a function below the wall of 70 lines', async () => {
    expect(await lint(functionOf(66))).toMatchObject({ passes: true });
  });

  test('refuses one beyond it', async () => {
    const { passes, output } = await lint(functionOf(71));
    expect(passes).toBe(false);
    expect(output).toContain('noExcessiveLinesPerFunction');
  });

  test('refuses `any`', async () => {
    const { passes, output } = await lint('export const anything: any = 1;\n');
    expect(passes).toBe(false);
    expect(output).toContain('noExplicitAny');
  });
});
