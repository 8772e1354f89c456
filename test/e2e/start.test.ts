import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTailrace, TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const ANY_PORT = ['--listen', '127.0.0.1:0'];

function start(args: readonly string[], cwd: string): TailraceProcess {
  const process = startTailrace(['start', ...args], { cwd });
  onTestFinished(() => process[Symbol.asyncDispose]());
  return process;
}

/** The command that `start` printed, run by a shell in another directory, as somebody who pastes it would. */
async function paste(started: TailraceProcess, extra = ''): Promise<TailraceProcess> {
  const [, command = ''] = await started.seeStderr(/^ {2}(node .+ tail .+)$/m);
  const pasted = new TailraceProcess('sh', ['-c', `exec ${command} ${extra}`], { cwd: '/' });
  onTestFinished(() => pasted[Symbol.asyncDispose]());
  return pasted;
}

describe('tailrace start', () => {
  test('shows a demo log as it is written, and the command that it prints shows it too', async () => {
    const started = start(ANY_PORT, await temporaryDirectory());
    await started.seeStdout(/ app\.log .+(\n.*){5}/);
    const second = await paste(started);
    await second.seeStdout(/ app\.log .+(\n.*){5}/);
    expect((await second.stop()).stderr).not.toContain('error');
  });

  test('tails the files that it is given, also lines that come later', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'shop.log');
    await writeFile(file, 'first\n');
    const started = start([...ANY_PORT, file], directory);
    await started.seeStdout(/ shop\.log first\n/);
    await appendFile(file, 'second\n');
    await started.seeStdout(/ shop\.log second\n/);
  });
});

describe('the life of tailrace start', () => {
  test('goes on over a restart with lines and numbers kept', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'shop.log');
    await writeFile(file, 'before\n');
    const first = start([...ANY_PORT, file], directory);
    await first.seeStdout(/before\n/);
    await first.stop();
    await appendFile(file, 'after\n');
    const second = start([...ANY_PORT, file], directory);
    await second.seeStdout(/after\n/);
    const all = await paste(second, '--lines all --no-follow --output json');
    const { stdout, code } = await all.exited;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; line: string });
    expect(lines.map(({ seq, line }) => [seq, line])).toEqual([
      [1, 'before'],
      [2, 'after'],
    ]);
    expect(code).toBe(0);
  });

  test('ends with 130 on Ctrl-C and 0 on SIGTERM, and leaves all it made in its data directory', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 0],
    ] as const) {
      const started = start(ANY_PORT, await temporaryDirectory());
      await started.seeStdout(/app\.log/);
      started.signal(signal);
      expect(await started.exited).toMatchObject({ code });
    }
  });

  test('ends in good order also when npm passes a Ctrl-C on that came already', async () => {
    const started = start(ANY_PORT, await temporaryDirectory());
    const client = await paste(started);
    await client.seeStdout(/app\.log/);
    // Two different ones, since the kernel would merge two of a kind; which comes first is its choice.
    started.signal('SIGINT');
    started.signal('SIGTERM');
    await started.exited;
    await client.seeStderr(/the hub is shutting down/);
  });

  test('keeps its secret to its owner, and makes it once', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, '.tailrace', 'secret');
    const first = start(ANY_PORT, directory);
    await first.seeStdout(/app\.log/);
    const secret = await readFile(path, 'utf8');
    expect((await stat(path)).mode & 0o077).toBe(0);
    await first.stop();
    await start(ANY_PORT, directory).seeStdout(/app\.log/);
    expect(await readFile(path, 'utf8')).toBe(secret);
  });
});

describe('what tailrace start has to itself', () => {
  test('is a port: a free one, and said so, where its own is in use', async () => {
    const occupant = createServer();
    // Where something else has it already, that does as well.
    await new Promise<void>((resolve) => {
      occupant.once('error', () => resolve()).listen(7700, '127.0.0.1', () => resolve());
    });
    onTestFinished(() => void occupant.close());
    const started = start([], await temporaryDirectory());
    const [, port] = await started.seeStderr(/ready at ws:\/\/127\.0\.0\.1:(\d+)/);
    expect(port).not.toBe('7700');
    expect(started.stderr).toContain('port 7700 is in use by another program');
    await started.seeStdout(/app\.log/);
  });

  test('is a data directory: a second one is refused with a sentence', async () => {
    const directory = await temporaryDirectory();
    await start(ANY_PORT, directory).seeStdout(/app\.log/);
    const second = start(ANY_PORT, directory);
    const { code, stderr } = await second.exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tailrace: .*\n$/);
    expect(stderr).toContain(join(directory, '.tailrace'));
  });
});
