import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { requirePrograms } from '../support/fault-programs.js';
import { temporaryDirectory } from '../support/temporary.js';

const PACKAGING = fileURLToPath(new URL('../../packaging/systemd', import.meta.url));

/** Of systemd's own scale from 0 to 100, on which a service without any of it has 96. */
const EXPOSURE_MAX = 20;

interface Verdict {
  readonly code: number;
  readonly stderr: string;
}

function run(program: string, args: readonly string[]): Promise<Verdict> {
  return new Promise((resolve) => {
    execFile(program, args, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

/** A copy with a program in place of /usr/bin/tailrace, which is there on hosts where it is installed. */
async function copyOf(unit: string, change: (text: string) => string = (text) => text): Promise<string> {
  const text = await readFile(join(PACKAGING, unit), 'utf8');
  const copy = join(await temporaryDirectory(), unit);
  await writeFile(copy, change(text.replaceAll('/usr/bin/tailrace', process.execPath)));
  return copy;
}

describe.each(['tailrace-agent.service', 'tailrace-hub.service'])('%s', (unit) => {
  test('is understood by systemd to the last word', async (context) => {
    const { 'systemd-analyze': analyze } = requirePrograms(context, ['systemd-analyze']);
    expect(await run(analyze, ['verify', '--man=no', await copyOf(unit)])).toEqual({ code: 0, stderr: '' });
    const misspelt = await copyOf(unit, (text) => text.replace('ProtectSystem', 'ProtectSytem'));
    expect((await run(analyze, ['verify', '--man=no', misspelt])).stderr).toContain('ProtectSytem');
  });

  test('leaves little to whoever takes the program over', async (context) => {
    const { 'systemd-analyze': analyze } = requirePrograms(context, ['systemd-analyze']);
    const judge = (path: string) =>
      run(analyze, ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, '--no-pager', path]);
    expect(await judge(await copyOf(unit))).toMatchObject({ code: 0 });
    const open = await copyOf(unit, (text) =>
      text.replace(/^(Protect|Restrict|SystemCall|Private)\w+=.*$/gm, ''),
    );
    expect(await judge(open)).toMatchObject({ code: 1 });
  });
});
