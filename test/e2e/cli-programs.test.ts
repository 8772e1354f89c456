import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis-server.js';
import { runTailrace, startTailrace, type TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

function start(args: readonly string[], cwd: string): TailraceProcess {
  const process = startTailrace(args, { cwd });
  onTestFinished(() => process[Symbol.asyncDispose]());
  return process;
}

async function startHub(store: readonly string[], secretFile: string, cwd: string): Promise<string> {
  const args = ['--listen', '127.0.0.1:0', '--secret-file', secretFile];
  const [, url = ''] = await start(['hub', ...args, ...store], cwd).seeStderr(/ready at (ws:[^\s"]+)/);
  return url;
}

/** Shows all that is stored and all that comes, as `<time> <channel> <line>`. */
async function follow(url: string, tenant: string, secretFile: string): Promise<TailraceProcess> {
  const create = ['token', 'create', '--tenant', tenant, '--secret-file', secretFile];
  const { stdout: token } = await runTailrace(create);
  const env = { TAILRACE_TOKEN: token.trim(), TAILRACE_URL: url };
  const tail = startTailrace(['tail', '**', '--lines', 'all'], { env });
  onTestFinished(() => tail[Symbol.asyncDispose]());
  return tail;
}

async function withSecret(): Promise<{ cwd: string; secretFile: string }> {
  const cwd = await temporaryDirectory();
  const secretFile = join(cwd, 'tailrace.secret');
  await writeFile(secretFile, 's'.repeat(48), { mode: 0o600 });
  return { cwd, secretFile };
}

describe('tailrace agent', () => {
  test('stores standard input and ends by itself with it', async () => {
    await using redis = await startRedis();
    const { cwd, secretFile } = await withSecret();
    const args = [
      'agent',
      '-',
      '--redis',
      redis.url,
      '--tenant',
      'acme',
      '--host',
      'h',
      '--channel',
      'piped',
    ];
    const { code } = await runTailrace(args, { cwd, input: 'one\ntwo\n' });
    expect(code).toBe(0);
    const url = await startHub(['--redis', redis.url], secretFile, cwd);
    await (await follow(url, 'acme', secretFile)).seeStdout(/^\S+ piped one\n\S+ piped two\n/);
  });

  test('takes its settings from a file, the environment and flags, the last one first', async () => {
    await using redis = await startRedis();
    const { cwd, secretFile } = await withSecret();
    await writeFile(join(cwd, 'app.log'), 'a line\n');
    const config = `tenant: of-file\nhost: of-file\nredis: {url: "${redis.url}"}\nsources: [{include: [app.log]}]\n`;
    await writeFile(join(cwd, 'agent.yaml'), config);
    const env = { TAILRACE_TENANT: 'of-env', TAILRACE_HOST: 'of-env' };
    const agent = startTailrace(['agent', '--config', 'agent.yaml', '--host', 'of-flag'], { cwd, env });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    await agent.seeStderr(/ready: tailing .*app\.log for tenant of-env/);
    const url = await startHub(['--redis', redis.url], secretFile, cwd);
    await (await follow(url, 'of-env', secretFile)).seeStdout(/ of-flag\/app\.log a line\n/);
    expect((await agent.stop()).code).toBe(0);
  });
});

describe('tailrace hub', () => {
  test('serves what tailrace start has left', async () => {
    const { cwd, secretFile } = await withSecret();
    await writeFile(join(cwd, 'shop.log'), 'kept\n');
    const started = start(['start', '--listen', '127.0.0.1:0', '--data-dir', 'data', 'shop.log'], cwd);
    await started.seeStdout(/kept/);
    await started.stop();
    const url = await startHub(['--data-dir', 'data'], secretFile, cwd);
    await (await follow(url, 'local', secretFile)).seeStdout(/^\S+ shop\.log kept\n/);
  });

  test('warns of a secret that others may read', async () => {
    const { cwd } = await withSecret();
    await writeFile(join(cwd, 'open.secret'), 's'.repeat(48), { mode: 0o644 });
    const args = [
      '--listen',
      '127.0.0.1:0',
      '--redis',
      'redis://127.0.0.1:1',
      '--secret-file',
      'open.secret',
    ];
    await start(['hub', ...args], cwd).seeStderr(/may read open\.secret.*chmod 600 open\.secret/);
  });
});

describe('tailrace token', () => {
  test('inspects what it created, and says when the secret is another', async () => {
    const { cwd, secretFile } = await withSecret();
    await writeFile(join(cwd, 'other.secret'), 'o'.repeat(48), { mode: 0o600 });
    const rights = ['--subscribe', 'web/*', '--subscribe', 'app', '--publish', 'web/*', '--ttl', '2h'];
    const create = ['token', 'create', '--tenant', 'acme', ...rights, '--secret-file', secretFile];
    const created = await runTailrace(create, { cwd });
    expect(created.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const inspect = (file: string) =>
      runTailrace(['token', 'inspect', created.stdout.trim(), '--secret-file', file], { cwd });
    const good = await inspect(secretFile);
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/^tenant +acme\nsubscribe +web\/\* app\npublish +web\/\*\n/m);
    expect(good.stdout).toMatch(/^exp .*\(in 2 hours\)\n/m);
    expect(good.stdout).toMatch(/^signature +verified\n/m);
    expect(await inspect('other.secret')).toMatchObject({ code: 1 });
  });
});

describe('tailrace doctor', () => {
  test('is content with a Redis that fits', async () => {
    await using redis = await startRedis();
    const { cwd, secretFile } = await withSecret();
    await writeFile(join(cwd, 'app.log'), '');
    const args = ['doctor', 'app.log', '--redis', redis.url, '--secret-file', secretFile];
    const { code, stdout } = await runTailrace(args, { cwd });
    expect(stdout).not.toMatch(/^fail/m);
    for (const subject of ['redis', 'version', 'eviction', 'persistence', 'clock', 'files', 'secret']) {
      expect(stdout).toMatch(new RegExp(`^ok +${subject} `, 'm'));
    }
    expect(code).toBe(0);
  });

  test('fails for a Redis that evicts, and names the setting', async () => {
    await using redis = await startRedis({ settings: ['--maxmemory-policy', 'allkeys-lru'] });
    const { code, stdout } = await runTailrace(['doctor', '--redis', redis.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail +eviction .*set it to noeviction/m);
  });
});
