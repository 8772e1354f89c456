import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/redis-server.js';
import { runTailrace, startTailrace, type TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

interface BadInput {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  /** What the sentence must name: the cause, and the next step. */
  readonly says: readonly string[];
}

const REDIS = 'redis://:hunter2@127.0.0.1:1';
const SHORT_SECRET = { 'short.secret': 'short' };
const BAD_HUB = { 'bad.yaml': 'listn: 1.2.3.4:5\nauth:\n  secret_file: s\nlimits: {connections: many}\n' };
const SECRET = { secret: 's'.repeat(48) };
const FILES = { ...SHORT_SECRET, ...BAD_HUB, ...SECRET, 'broken.yaml': 'a: [' };

const BAD_INPUT: readonly BadInput[] = [
  {
    name: 'an unknown flag',
    args: ['hub', '--lsten', 'x'],
    code: 2,
    says: ["'--lsten'", 'Did you mean --listen?'],
  },
  {
    name: 'a flag of a command that is to be run',
    args: ['agent', '--redis', REDIS, '--tenant', 'acme', '--exec', 'ls', '-l'],
    code: 2,
    says: ["'-l'", 'put -- before the command'],
  },
  { name: 'an unknown command', args: ['tial'], code: 2, says: ["'tial'", 'Did you mean tail?'] },
  { name: 'a flag without its value', args: ['hub', '--listen'], code: 2, says: ['--listen'] },
  {
    name: 'a bad value of a flag',
    args: ['hub', '--listen', 'here', '--redis', REDIS, '--secret-file', 'secret'],
    code: 2,
    says: ['--listen must be host:port'],
  },
  {
    name: 'a bad value of a variable',
    args: ['hub', '--redis', REDIS, '--secret-file', 'secret'],
    env: { TAILRACE_LISTEN: 'here' },
    code: 78,
    says: ['TAILRACE_LISTEN must be host:port'],
  },
  {
    name: 'several problems in a configuration file',
    args: ['hub', '--redis', REDIS, '--config', 'bad.yaml'],
    code: 78,
    says: ['bad.yaml: listn: is not a known key', 'limits.connections'],
  },
  {
    name: 'a file that is not YAML',
    args: ['hub', '--config', 'broken.yaml'],
    code: 78,
    says: ['is not YAML'],
  },
  {
    name: 'a missing file',
    args: ['hub', '--config', 'no.yaml'],
    code: 78,
    says: ['no.yaml: cannot be read'],
  },
  {
    name: 'no secret named',
    args: ['hub', '--redis', REDIS],
    code: 2,
    says: ['--secret-file', 'TAILRACE_SECRET_FILE'],
  },
  {
    name: 'a secret that is not there',
    args: ['hub', '--redis', REDIS, '--secret-file', 'none'],
    code: 78,
    says: ['no secret in none', 'openssl rand -base64 48 > none'],
  },
  {
    name: 'a secret that is too short',
    args: ['hub', '--redis', REDIS, '--secret-file', 'short.secret'],
    code: 78,
    says: ['short.secret', '32'],
  },
  { name: 'no store', args: ['hub', '--secret-file', 'secret'], code: 2, says: ['redis', 'data_dir'] },
  { name: 'an agent without Redis', args: ['agent', '--tenant', 'a', 'x.log'], code: 2, says: ['--redis'] },
  {
    name: 'an agent without a tenant',
    args: ['agent', '--redis', REDIS, 'x.log'],
    code: 2,
    says: ['--tenant'],
  },
  {
    name: 'an agent without files',
    args: ['agent', '--redis', REDIS, '--tenant', 'a'],
    code: 2,
    says: ['a file, directory or glob is missing'],
  },
  {
    name: 'a bad tenant',
    args: ['agent', '--redis', REDIS, '--tenant', 'No Such', 'x.log'],
    code: 2,
    says: ['--tenant must be'],
  },
  {
    name: 'a bad channel template',
    args: ['agent', '--redis', REDIS, '--tenant', 'a', '--channel', '{nmae}', 'x.log'],
    code: 2,
    says: ['--channel {nmae} is not one of', '{name}'],
  },
  { name: 'tail without a token', args: ['tail', '**'], code: 2, says: ['token', 'TAILRACE_TOKEN'] },
  { name: 'a bad channel', args: ['tail', 'a//b', '--token', 't'], code: 2, says: ['"a//b"', 'pattern'] },
  { name: 'a bad count', args: ['tail', 'a', '--token', 't', '-n', 'few'], code: 2, says: ['--lines'] },
  {
    name: 'a bad duration',
    args: ['token', 'create', '--tenant', 'a', '--secret-file', 'secret', '--ttl', 'long'],
    code: 2,
    says: ['--ttl', '7d'],
  },
  {
    name: 'a duration without a unit',
    args: ['token', 'create', '--tenant', 'a', '--secret-file', 'secret', '--ttl', '3'],
    code: 2,
    says: ['--ttl has no unit', '7d'],
  },
  {
    name: 'a Redis URL with a character that must be encoded',
    args: ['agent', '--redis', 'redis://a:hunter2#x@127.0.0.1:1', '--tenant', 'a', 'x.log'],
    code: 2,
    says: ['--redis has a /, ? or # before its @', '%23', 'redis.password'],
  },
  {
    name: 'a token of a bad tenant',
    args: ['token', 'create', '--tenant', 'No Such', '--secret-file', 'secret'],
    code: 2,
    says: ['tenant'],
  },
  { name: 'what is no token', args: ['token', 'inspect', 'abc'], code: 1, says: ['not a JSON Web Token'] },
];

async function writeFiles(directory: string): Promise<string> {
  const files = Object.entries(FILES).map(([name, text]) =>
    writeFile(join(directory, name), text, { mode: 0o600 }),
  );
  await Promise.all(files);
  return directory;
}

async function workingDirectory(): Promise<string> {
  return writeFiles(await temporaryDirectory());
}

function start(args: readonly string[], cwd: string): TailraceProcess {
  const started = startTailrace(args, { cwd });
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

describe.concurrent('bad input', () => {
  let cwd = '';

  beforeAll(async () => {
    cwd = await writeFiles(await mkdtemp(join(tmpdir(), 'tailrace-test-')));
  });

  afterAll(() => rm(cwd, { recursive: true }));

  test.each(BAD_INPUT)(
    '$name ends with exit code $code and one sentence, or one for each problem',
    async ({ args, env = {}, code, says }) => {
      const exit = await runTailrace(args, { cwd, env });
      expect(exit.stderr).toMatch(/^tailrace: .+\n(?: {2}- .+\n)*$/);
      for (const part of says) expect(exit.stderr).toContain(part);
      expect(exit.stderr).not.toContain('hunter2');
      expect(exit.stdout).toBe('');
      expect(exit.code).toBe(code);
    },
  );
});

describe('without a command', () => {
  test('the help is shown, as a wrong usage', async () => {
    const { code, stderr } = await runTailrace([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: tailrace');
  });

  test('the help that was asked for is no error', async () => {
    expect(await runTailrace(['hub', '--help'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what is away', () => {
  test('Redis: a hub says so, answers, and ends when it is told to', async () => {
    const cwd = await workingDirectory();
    const args = ['--listen', '127.0.0.1:0', '--redis', REDIS, '--secret-file', 'secret'];
    const hub = start(['hub', ...args], cwd);
    const [, address] = await hub.seeStderr(/ready at ws:\/\/([\d.:]+)/);
    const response = await fetch(`http://${address}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe(
      'not ready: the log store does not serve; the log of the hub says why\n',
    );
    await hub.seeStderr(/Redis at 127\.0\.0\.1:1 cannot be reached/);
    const { code, stderr } = await hub.stop();
    expect(code).toBe(0);
    expect(stderr).not.toContain('hunter2');
  });

  test('Redis: an agent says so, keeps trying, and ends when it is told to', async () => {
    const cwd = await workingDirectory();
    await writeFile(join(cwd, 'app.log'), 'a line\n');
    const agent = start(['agent', '--redis', REDIS, '--tenant', 'a', 'app.log'], cwd);
    await agent.seeStderr(/Redis at 127\.0\.0\.1:1 cannot be reached/);
    const { code, stderr } = await agent.stop();
    expect(code).toBe(0);
    expect(stderr).not.toContain('hunter2');
  });

  test('Redis: the doctor fails and names the next step', async () => {
    const { code, stdout } = await runTailrace(['doctor', '--redis', REDIS]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}redis .*cannot be reached.*start it/m);
    expect(stdout).not.toContain('hunter2');
  });

  test('the hub: tail --no-follow gives up with 1 and names it', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await runTailrace(['tail', 'a', '--no-follow', '--token', 't', '--url', url]);
    expect(code).toBe(1);
    expect(stderr).toContain(url.slice('ws://'.length));
    expect(stderr).toContain('check the URL');
  });

  test('a free port: the hub ends with 1 and says which is in use', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void occupant.close());
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    const args = ['--listen', `127.0.0.1:${port}`, '--redis', REDIS, '--secret-file', 'secret'];
    const { code, stderr } = await start(['hub', ...args], await workingDirectory()).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port} is in use by another program`);
  });
});

describe('a file that cannot be read', () => {
  test('is named by the agent, which goes on with the others', async () => {
    const cwd = await workingDirectory();
    await symlink('loop.log', join(cwd, 'loop.log'));
    await writeFile(join(cwd, 'app.log'), 'a line\n');
    const started = start(['start', '--listen', '127.0.0.1:0', 'loop.log', 'app.log'], cwd);
    await started.seeStderr(/loop\.log/);
    await started.seeStdout(/ app\.log a line/);
  });

  test('is a failure for the doctor', async () => {
    const cwd = await workingDirectory();
    await symlink('loop.log', join(cwd, 'loop.log'));
    const { code, stdout } = await start(['doctor', 'loop.log'], cwd).exited;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}files +loop\.log cannot be read \(ELOOP\)/m);
  });
});

describe('a wrong token', () => {
  test('is refused with 1 and a sentence that says what is wrong', async () => {
    const cwd = await temporaryDirectory();
    const started = start(['start', '--listen', '127.0.0.1:0'], cwd);
    const [, url = ''] = await started.seeStderr(/ready at (ws:\S+[^\s,])/);
    const { code, stderr } = await runTailrace(['tail', '**', '--url', url, '--token', 'wrong']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tailrace: .*token.*\n$/m);
  });
});
