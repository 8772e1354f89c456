/** User and password of Redis in configuration files, as they are: what a URL would take for something else too. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what users write into files
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis-server.js';
import { runTailrace, startTailrace, type TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const PASSWORD = 'ab/c:d@12#3?100%41';

test('an agent and a hub log in with them', async () => {
  await using redis = await startRedis();
  const operator = new Redis(redis.url);
  await operator.acl('SETUSER', 'logs', 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
  await operator.acl('SETUSER', 'default', 'off');
  operator.disconnect();
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'secret'), 's'.repeat(48), { mode: 0o600 });
  await writeFile(join(cwd, 'app.log'), 'a line\n');
  const login = `redis: { url: "${redis.url}", username: logs, password: "\${REDIS_PASSWORD}" }\n`;
  await writeFile(
    join(cwd, 'agent.yaml'),
    `${login}tenant: acme\nhost: web\nsources: [{ include: [app.log] }]\n`,
  );
  await writeFile(join(cwd, 'hub.yaml'), `${login}listen: 127.0.0.1:0\nauth: { secret_file: secret }\n`);
  const env = { REDIS_PASSWORD: PASSWORD };
  const check = await runTailrace(['agent', '--config', 'agent.yaml', '--check'], { cwd, env });
  expect(check.stdout).toMatch(new RegExp(`^the configuration is valid: .* redis 127.0.0.1:${redis.port} `));
  const doctor = await runTailrace(['doctor', '--config', 'agent.yaml'], { cwd, env });
  expect(doctor.stdout).toMatch(new RegExp(`ok +redis +answers at 127.0.0.1:${redis.port} `));
  const agent = start(['agent', '--config', 'agent.yaml'], cwd, env);
  await agent.seeStderr(/ready/);
  const hub = start(['hub', '--config', 'hub.yaml'], cwd, env);
  const [, url = ''] = await hub.seeStderr(/ready at (ws:[^\s"]+)/);
  const { stdout } = await runTailrace(['token', 'create', '--tenant', 'acme', '--secret-file', 'secret'], {
    cwd,
  });
  const tail = start(['tail', '**', '-n', 'all', '--url', url], cwd, { TAILRACE_TOKEN: stdout.trim() });
  await tail.seeStdout(/ web\/app\.log a line\n/);
  for (const { stdout: out, stderr } of [check, doctor, await agent.stop(), await hub.stop()]) {
    expect(`${out}${stderr}`).not.toContain('12#3');
  }
});

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): TailraceProcess {
  const started = startTailrace(args, { cwd, env });
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}
