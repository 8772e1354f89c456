/** `tailrace agent --check` and `--schema`: what a configuration means before it is used. */
import { spawnSync } from 'node:child_process';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runTailrace } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const CONFIG = `
tenant: acme
host: web-1
redis: { url: "redis://127.0.0.1:1", password: "\${PASSWORD}" }
open_files_max: \${FILES_MAX:-64}
sources:
  - include: [logs/*.log, logs/later]
    ignore_older: 1d
  - include: [logs, "-"]
    channel: "{host}/rest"
`;

async function checked(config: string, env: Record<string, string> = {}) {
  const cwd = await temporaryDirectory();
  await mkdir(join(cwd, 'logs'));
  for (const name of ['a.log', 'old.log', 'one', 'two']) await writeFile(join(cwd, 'logs', name), 'line\n');
  await utimes(join(cwd, 'logs/old.log'), 1, 1);
  await writeFile(join(cwd, 'agent.yaml'), config);
  const run = await runTailrace(['agent', '--config', 'agent.yaml', '--check'], { cwd, env });
  return { ...run, stdout: run.stdout.replaceAll(join(cwd, 'logs'), '') };
}

describe('a check', () => {
  test('shows what would be tailed, without a Redis and without its password', async () => {
    const { code, stdout } = await checked(CONFIG, { PASSWORD: 'hunter2' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^the configuration is valid: tenant acme, host web-1, redis 127\.0\.0\.1:1 /);
    expect(stdout).toContain('sources.0: /*.log, /later\n  2 files now:\n    /a.log to web-1/a.log\n');
    expect(stdout).toContain('  not there yet:\n    /later\n');
    expect(stdout).toMatch(/older than ignore_older: .*\n {4}\/old\.log\n/);
    expect(stdout).toContain(
      'sources.1: , standard input\n  3 files now:\n    standard input to web-1/rest\n',
    );
    expect(stdout).toContain(
      'several files go into one channel:\n  web-1/rest: standard input, /one, /two\n',
    );
    expect(stdout).not.toContain('hunter2');
  });

  test('says all that is wrong, and where', async () => {
    const wrong = `${CONFIG.replace('ignore_older: 1d', 'ignore_older: soon\n    lables: {}')}tenent: x\n`;
    const { code, stdout, stderr } = await checked(wrong, { FILES_MAX: '3' });
    expect(code).toBe(78);
    expect(stdout).toBe('');
    for (const problem of [
      'redis.password: the variable PASSWORD is not set',
      'open_files_max: ',
      'sources.0.ignore_older: must be a duration',
      'sources.0.lables: is not a known key; did you mean labels?',
      'tenent: is not a known key; did you mean tenant?',
    ]) {
      expect(stderr).toContain(`agent.yaml: ${problem}`);
    }
  });
});

test('a file that names no Redis is a wrong configuration, told with all else that is wrong', async () => {
  const { code, stderr } = await checked('tenant: acme\nsources: [{ include: [logs], ignore_older: 7 }]\n');
  expect(code).toBe(78);
  expect(stderr).toContain('--redis is missing (or TAILRACE_REDIS_URL, or `redis.url` in the --config file)');
  expect(stderr).toContain('agent.yaml: sources.0.ignore_older: has no unit');
});

test('a password that does not fit into a URL is refused, and not shown', async () => {
  const config = CONFIG.replace(/^redis: .*$/m, `redis: { url: "redis://a:\${PASSWORD}@127.0.0.1:1" }`);
  const { code, stdout, stderr } = await checked(config, { PASSWORD: 'hun#ter2' });
  expect(code).toBe(78);
  expect(stderr).toContain('agent.yaml: redis.url: the variable PASSWORD holds what a URL takes for');
  expect(`${stdout}${stderr}`).not.toContain('ter2');
});

test('names of files cannot steer a terminal', async () => {
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'a\u001b[2J\nb.log'), 'line\n');
  const flags = ['--redis', 'redis://127.0.0.1:1', '--tenant', 'acme', '--host', 'web'];
  const { stdout } = await runTailrace(['agent', '--check', cwd, ...flags]);
  expect(stdout).toContain('/a\\x1b[2J\\x0ab.log to web/a__2J_b.log\n');
});

test('nor can notices, which name files', async () => {
  const logger = new URL('../../dist/shared/logger.js', import.meta.url);
  const text = JSON.stringify('/a\u001b[2J.log was rotated\nand a second line');
  const program = `import { createLogger } from '${logger}'; createLogger({ level: 'info', format: 'text', name: 'x' }).info(${text})`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('x info: /a\\x1b[2J.log was rotated\nand a second line\n');
});

test.each(['agent', 'hub'])(
  'the schema of the file of %s is JSON, and asks for nothing that flags may give',
  async (command) => {
    const { code, stdout } = await runTailrace([command, '--schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      title: `The configuration file of tailrace ${command}`,
      required: [],
    });
  },
);
