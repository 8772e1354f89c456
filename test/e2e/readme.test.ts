import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { codeBlocks } from '../repo/document-rules.js';
import { ROOT, readSource } from '../repo/source-file.js';
import { freePort, startRedis } from '../support/redis-server.js';
import { MAIN, startTailrace, TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const README = readSource('README.md');

function owned(process: TailraceProcess): TailraceProcess {
  onTestFinished(() => process[Symbol.asyncDispose]());
  return process;
}

describe('the programs in the README', () => {
  /** A project that has the packages installed which the example imports. */
  async function project(code: string): Promise<string> {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'node_modules'));
    await symlink(ROOT, join(directory, 'node_modules', 'tailrace'));
    await symlink(join(ROOT, 'node_modules', 'ws'), join(directory, 'node_modules', 'ws'));
    await writeFile(join(directory, 'example.mjs'), code);
    return directory;
  }

  async function startDemo(): Promise<Record<'TAILRACE_URL' | 'TAILRACE_TOKEN', string>> {
    const cwd = await temporaryDirectory();
    const demo = owned(startTailrace(['start', '--listen', '127.0.0.1:0'], { cwd }));
    const [, url = '', token = ''] = await demo.seeStderr(/ --url (ws:\/\/[\d.:]+)\S* --token (\S+)\n/);
    return { TAILRACE_URL: url, TAILRACE_TOKEN: token };
  }

  test.each([
    ['with the SDK', 'tailrace/client', /^app\.log \d{4}-\d\d-\d\dT.*(\n.*){5}/],
    ['with nothing but a WebSocket library', "from 'ws'", /^\d{4}-\d\d-\d\dT.*(\n.*){5}/],
  ])('%s shows lines', async (_name, mark, expected) => {
    const code = codeBlocks(README, 'js').find((block) => block.includes(mark)) ?? '';
    const env = await startDemo();
    const cwd = await project(code);
    const program = owned(new TailraceProcess(process.execPath, ['example.mjs'], { cwd, env }));
    await program.seeStdout(expected);
    expect(program.stderr).toBe('');
  });
});

describe('the tour in the README', () => {
  const blocks = codeBlocks(README, 'sh').filter((block) => block.includes('tailrace '));
  let directory = '';
  let redisPort = 0;
  let hubPort = 0;

  /** The commands as they stand, with other ports and folders; the last one is what runs. */
  function run(text: string): TailraceProcess {
    const command = text
      .replaceAll(':6379', `:${redisPort}`)
      .replaceAll(':7700', `:${hubPort}`)
      .replace('/var/log/nginx', join(directory, 'nginx'))
      .replace('/srv/', `${directory}/srv/`)
      .trimEnd()
      .replace(/(?<=^|\n)(?=[^\n]+$)/, 'exec ');
    const env = {
      PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
      TAILRACE_LISTEN: `127.0.0.1:${hubPort}`,
    };
    return owned(new TailraceProcess('sh', ['-ec', command], { cwd: directory, env }));
  }

  beforeAll(async () => {
    expect(blocks).toHaveLength(4);
  });

  test('leads from Redis and two hosts to the lines of both', async () => {
    directory = await temporaryDirectory();
    const redis = await startRedis();
    onTestFinished(() => redis[Symbol.asyncDispose]());
    redisPort = redis.port;
    hubPort = await freePort();
    await mkdir(join(directory, 'bin'));
    await symlink(MAIN, join(directory, 'bin', 'tailrace'));
    await mkdir(join(directory, 'nginx'));
    await mkdir(join(directory, 'srv', 'shop', 'log'), { recursive: true });
    const access = join(directory, 'nginx', 'access.log');
    await writeFile(access, '"GET /" 200 12\n');
    await writeFile(join(directory, 'srv', 'shop', 'log', 'app.log'), '"GET /" 502 7\n');

    const [hub = '', web1 = '', web2 = '', clients = ''] = blocks;
    await run(hub).seeStderr(/ready at/);
    await run(web1).seeStderr(/ready/);
    await run(web2).seeStderr(/ready/);
    const [url = '', token = '', all = '', errors = ''] = clients.split('\n');
    const prelude = `${url}\n${token}\n`;
    const first = run(prelude + all);
    await first.seeStdout(/ web-1\/access\.log "GET \/" 200 12\n/);
    await run(prelude + errors).seeStdout(/^\S+ web-2\/app\.log "GET \/" 502 7\n/);
    await appendFile(access, '"GET /later" 200 1\n');
    await first.seeStdout(/"GET \/later" 200 1\n/);
    expect(first.stdout).not.toContain('web-2');
  });
});
