/** What `tailrace agent --check` and `tailrace doctor` say of the files and programs that an agent is to read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startRedis } from '../support/redis-server.js';
import { MAIN, runTailrace } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const NOBODY = 65_534;

/** A directory with one file for all and one for nobody, which others may look into. */
async function workingDirectory(): Promise<string> {
  const cwd = await temporaryDirectory();
  await mkdir(join(cwd, 'logs'));
  await writeFile(join(cwd, 'logs', 'open.log'), '');
  await writeFile(join(cwd, 'logs', 'secret.log'), '');
  await chmod(join(cwd, 'logs', 'secret.log'), 0);
  for (const path of [cwd, join(cwd, 'logs')]) await chmod(path, 0o755);
  return cwd;
}

/** As a user whom modes of files concern. */
function runUnprivileged(args: readonly string[], cwd: string) {
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, env: {}, encoding: 'utf8', ...user });
}

const SOURCES = `
sources:
  - include: [logs]
    channel: "all/{name}"
  - include: ["logs/*.log", pipe]
  - exec: { command: [no-such-program-here] }
`;

describe('tailrace doctor', () => {
  test.each([['logs'], ['logs/*.log']])('fails for a file of %s that may not be read', async (argument) => {
    const cwd = await workingDirectory();
    const { status, stdout } = runUnprivileged(['doctor', argument], cwd);
    expect(stdout).toMatch(/^fail {2}files +\S+\/secret\.log may not be read by this user: /m);
    expect(stdout).toMatch(/^ok {4}files +\S+\/open\.log can be read$/m);
    expect(status).toBe(1);
  });

  test('checks the Redis and the sources of a configuration', async () => {
    await using redis = await startRedis();
    const cwd = await workingDirectory();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    await writeFile(join(cwd, 'agent.yaml'), `tenant: acme\nredis: { url: "${redis.url}" }\n${SOURCES}`);
    const { code, stdout } = await runTailrace(['doctor', '--config', 'agent.yaml'], { cwd });
    expect(stdout).toMatch(/^ok +redis +answers at /m);
    expect(stdout).toMatch(/^fail +files +\S+\/pipe is no regular file: /m);
    expect(stdout).toMatch(
      /^fail +command +no-such-program-here cannot be started: there is no such program on/m,
    );
    expect(code).toBe(1);
  });

  test('says what is wrong with a configuration as the agent does', async () => {
    const cwd = await workingDirectory();
    await writeFile(join(cwd, 'agent.yaml'), SOURCES);
    const { code, stderr } = await runTailrace(['doctor', '--config', 'agent.yaml'], { cwd });
    expect(code).toBe(78);
    expect(stderr).toContain('tenant');
  });
});

test('a check says of every source what it will not read, and why', async () => {
  const cwd = await workingDirectory();
  execFileSync('mkfifo', [join(cwd, 'pipe')]);
  const name = Buffer.concat([Buffer.from(join(cwd, 'logs/')), Buffer.from([0xe9])]);
  await writeFile(name, '');
  await writeFile(join(cwd, 'agent.yaml'), `tenant: acme\nredis: { url: "redis://127.0.0.1:1" }\n${SOURCES}`);
  const run = runUnprivileged(['agent', '--config', 'agent.yaml', '--check'], cwd);
  const stdout = run.stdout.replaceAll(cwd, '');
  expect(run.status).toBe(0);
  expect(stdout).toContain('  read by an earlier source:\n    /logs/open.log by sources.0\n');
  expect(stdout).toContain('  no regular file, and not read:\n    /pipe\n');
  expect(stdout).toContain('    /logs/\uFFFD has a name that is not UTF-8: rename it\n');
  expect(stdout).toMatch(/ {4}\/logs\/secret\.log may not be read by this user: /);
  expect(stdout).toContain('  cannot be started:\n    there is no such program on the PATH\n');
});
