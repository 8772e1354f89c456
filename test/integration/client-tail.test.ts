/** `tailrace tail` against a real hub, with streams in the place of a terminal. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TailOptions } from '../../client/tail/options.js';
import { runTail } from '../../client/tail/tail.js';
import { type HubRig, numbered, startHubRig } from '../support/hub-rig.js';
import { freePort, type RedisServer, startRedis } from '../support/redis-server.js';
import { temporaryDirectory } from '../support/temporary.js';
import { waitFor } from '../support/wait.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('without following', () => {
  test('it shows the last ten lines and ends with 0', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', numbered('line ', 25));
    const run = start(rig, { follow: false, output: 'raw' });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout()).toBe(`${numbered('line ', 10, 16).join('\n')}\n`);
  });

  test('it shows every channel of several patterns once', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    for (const channel of ['web/a', 'web/b', 'db/a']) await rig.append(channel, numbered(`${channel} `, 3));
    const channels = ['web/a', 'web/*', 'db/a', '*/a'];
    const run = start(rig, { follow: false, lines: 'all', output: 'raw', channels });
    expect(await run.exitCode).toBe(0);
    const expected = ['web/a', 'web/b', 'db/a'].flatMap((channel) => numbered(`${channel} `, 3));
    expect(run.stdout().trimEnd().split('\n').sort()).toEqual(expected.sort());
  });

  test('a pattern without any channel ends at once', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, { follow: false, channels: ['none/**'] });
    expect(await run.exitCode).toBe(0);
    expect(run.stdout()).toBe('');
  });

  test('a filter drops lines, and the numbers of the others stay', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', ['GET 200', 'GET 500', 'get 404', 'POST 500']);
    const run = start(rig, {
      follow: false,
      lines: 'all',
      output: 'json',
      grep: ['^get'],
      ignoreCase: true,
      exclude: ['200'],
    });
    expect(await run.exitCode).toBe(0);
    expect(run.records()).toMatchObject([
      { seq: 2, line: 'GET 500' },
      { seq: 3, line: 'get 404' },
    ]);
  });
});

describe('following', () => {
  test('it shows lines as they come, says once where it is, and ends with 130 when interrupted', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, { lines: 0 });
    await waitFor('the connection', () => run.stderr().includes('Connected to ws://127.0.0.1'));
    await waitFor('a line', async () => {
      await rig.append('web/a', ['hello']);
      return run.stdout().includes(' web/a hello\n');
    });
    run.interrupt();
    expect(await run.exitCode).toBe(130);
    expect(run.stderr().match(/Connected/g)).toHaveLength(1);
  });

  test('a gap is one sentence on stderr', async () => {
    const rig = await startHubRig({ redisUrl: redis.url, retentionBytes: 100 });
    await rig.append('web/a', ['first']);
    const first = start(rig, { follow: false, output: 'json' });
    await first.exitCode;
    for (let batch = 0; batch < 3; batch += 1) await rig.append('web/a', numbered('much longer text ', 20));
    const afterCursor = String(first.records()[0]?.['cursor']);
    const second = start(rig, { follow: false, output: 'json', afterCursor });
    expect(await second.exitCode).toBe(0);
    expect(second.records()[0]).toMatchObject({ seq: 42 });
    expect(second.stderr()).toContain(
      'web/a: lines 2 to 41 (40 lines): removed by retention before they were read\n',
    );
  });
});

describe('cursors', () => {
  test('in a file let run after run continue without a hole or a repetition, for a pattern too', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const cursorFile = join(await temporaryDirectory(), 'cursors.json');
    let shown = '';
    for (let round = 0; round < 4; round += 1) {
      // The channel of the last round appears after the file was written: it is shown from its first line.
      for (const channel of round === 3 ? ['web/a', 'web/new'] : ['web/a', 'web/b']) {
        await rig.append(channel, numbered(`${channel} round ${round} line `, 50));
      }
      const run = start(rig, { follow: false, lines: 'all', output: 'raw', channels: ['web/*'], cursorFile });
      expect(await run.exitCode).toBe(0);
      shown += run.stdout();
    }
    const rounds = (channel: string, ...which: number[]) =>
      which.flatMap((round) => numbered(`${channel} round ${round} line `, 50));
    const expected = [...rounds('web/a', 0, 1, 2, 3), ...rounds('web/b', 0, 1, 2), ...rounds('web/new', 3)];
    expect(shown.trimEnd().split('\n').sort()).toEqual(expected.sort());
  });

  test('in a file are behind what was shown, when it is interrupted in the middle', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const cursorFile = join(await temporaryDirectory(), 'cursors.json');
    for (let batch = 0; batch < 100; batch += 1)
      await rig.append('web/a', numbered('line ', 10, 1 + batch * 10));
    let shown = '';
    for (let exitCode = 130; exitCode === 130; ) {
      const run = start(rig, { follow: false, lines: 'all', output: 'raw', cursorFile });
      await Promise.race([
        run.exitCode,
        waitFor('some lines', () => run.stdout().length > 500, { everyMs: 1 }),
      ]);
      run.interrupt();
      exitCode = await run.exitCode;
      shown += run.stdout();
    }
    expect(shown.trimEnd().split('\n')).toEqual(numbered('line ', 1_000));
  });

  test('of channels of another run stay in the file', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const cursorFile = join(await temporaryDirectory(), 'cursors.json');
    await writeFile(cursorFile, '{"db/a": "1.e.5-0.7"}');
    await rig.append('web/a', ['line']);
    await start(rig, { follow: false, cursorFile }).exitCode;
    expect(Object.keys(JSON.parse(await readFile(cursorFile, 'utf8')) as object)).toEqual(['db/a', 'web/a']);
  });

  test('are shown at the end, also of a channel without lines, and continue where they say', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', numbered('line ', 5));
    const first = start(rig, { follow: false, showCursor: true });
    await first.exitCode;
    const [, cursor = ''] = /^-- cursor: web\/a (\S+)$/m.exec(first.stderr()) ?? [];
    await rig.append('web/a', ['next']);
    const second = start(rig, { follow: false, output: 'raw', afterCursor: cursor });
    await second.exitCode;
    expect(second.stdout()).toBe('next\n');
    const quiet = start(rig, { follow: false, showCursor: true, channels: ['web/quiet'] });
    await quiet.exitCode;
    expect(quiet.stderr()).toMatch(/^-- cursor: web\/quiet 1\./m);
  });

  test('in a file that cannot be written end the run with a sentence', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, {
      follow: false,
      cursorFile: join(await temporaryDirectory(), 'none', 'cursors'),
    });
    expect(await run.exitCode).toBe(1);
    expect(run.stderr()).toMatch(/tailrace: --cursor-file cannot be written: ENOENT/);
  });
});

describe('what goes wrong', () => {
  test('a channel that is not allowed: one sentence and 1', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, { token: rig.token({ subscribe: ['web/*'] }), channels: ['db/a'] });
    expect(await run.exitCode).toBe(1);
    expect(run.stderr()).toMatch(/tailrace: the token does not allow reading this/);
  });

  test('a wrong token: one sentence and 1', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, { token: 'nonsense' });
    expect(await run.exitCode).toBe(1);
    expect(run.stderr()).toMatch(/^tailrace: The hub closed the connection with 4401 .*Next: .*\n$/);
  });

  test('a hub that is not there ends a run that does not follow, with its cause', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    const run = start(rig, { url: `ws://127.0.0.1:${await freePort()}`, follow: false });
    expect(await run.exitCode).toBe(1);
    expect(run.stderr()).toMatch(/ECONNREFUSED.*check the URL and that the hub runs/);
  });

  test('a reader of stdout that left (`| head`) is an ordinary end', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', numbered('line ', 100));
    const gone = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const run = start(rig, { lines: 'all' }, gone);
    expect(await run.exitCode).toBe(0);
    expect(run.stderr()).not.toContain('EPIPE');
  });

  test('a stdout that fails otherwise is said', async () => {
    const rig = await startHubRig({ redisUrl: redis.url });
    await rig.append('web/a', ['line']);
    const full = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })),
    });
    const run = start(rig, {}, full);
    expect(await run.exitCode).toBe(1);
    expect(run.stderr()).toContain('tailrace: ENOSPC: no space left\n');
  });
});

test('a stdout that takes its time is not written to faster than it takes', async () => {
  const rig = await startHubRig({ redisUrl: redis.url });
  for (let batch = 0; batch < 50; batch += 1)
    await rig.append('web/a', numbered('line ', 100, 1 + batch * 100));
  let underWay = 0;
  let most = 0;
  let lines = 0;
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      underWay += 1;
      most = Math.max(most, underWay, this.writableLength / chunk.length);
      lines += chunk.toString().split('\n').length - 1;
      setImmediate(() => {
        underWay -= 1;
        done();
      });
    },
  });
  expect(await start(rig, { follow: false, lines: 'all' }, slow).exitCode).toBe(0);
  expect(lines).toBe(5_000);
  expect(most).toBe(1);
});

interface Run {
  readonly exitCode: Promise<number>;
  stdout(): string;
  stderr(): string;
  records(): Record<string, unknown>[];
  interrupt(): void;
}

function start(rig: HubRig, options: Partial<TailOptions>, writable?: Writable): Run {
  const interruption = new AbortController();
  const out = collector();
  const err = collector();
  const settings = { url: rig.url, token: rig.token(), channels: ['web/a'], ...options };
  const streams = { stdout: writable ?? out.stream, stderr: err.stream, signal: interruption.signal };
  return {
    exitCode: runTail(settings, streams),
    stdout: out.text,
    stderr: err.text,
    records: () =>
      out
        .text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    interrupt: () => interruption.abort(),
  };
}

function collector(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, text: () => text };
}
