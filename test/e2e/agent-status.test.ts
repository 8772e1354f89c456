import { appendFile, chmod, lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startStatusRig } from '../support/status-rig.js';
import { runTailrace } from '../support/tailrace-process.js';
import { waitFor } from '../support/wait.js';

describe('tailrace agent status', () => {
  test('says of every file how far it is stored, and what it waits for', async () => {
    const rig = await startStatusRig();
    await writeFile(rig.path('whole.log'), 'one\ntwo\n');
    await writeFile(rig.path('open.log'), 'one\nunfini');
    await rig.startAgent('whole.log', 'open.log', 'absent.log');
    const status = await rig.statusOnce(
      'all files',
      ({ states: { idle, partial_line, missing } }) => idle === 1 && partial_line === 1 && missing === 1,
    );
    expect(status).toMatchObject({ tenant: 'acme', host: 'web', isAtWork: true, unreadBytes: 6 });
    expect(status.files.map(({ path, sizeBytes, offsetBytes }) => [path, sizeBytes, offsetBytes])).toEqual([
      [rig.path('open.log'), 10, 4],
      [rig.path('absent.log'), 0, 0],
      [rig.path('whole.log'), 8, 8],
    ]);
  });

  test('shows a person a summary, and the files with most unread bytes first', async () => {
    const rig = await startStatusRig();
    for (let n = 1; n <= 5; n++) await writeFile(rig.path(`${n}.log`), `line\n${'x'.repeat(n)}`);
    const agent = await rig.startAgent('*.log');
    await rig.statusOnce('all lines', ({ stats }) => stats['lines'] === 5);
    const { stdout, code } = await rig.askStatus('--limit', '2');
    expect(code).toBe(0);
    const [summary, , head, ...rows] = stdout.split('\n');
    expect(summary).toMatch(`agent ${agent.pid} on web for tenant acme`);
    expect(summary).toMatch(/5 files \(5 partial line\), 15 B unread, the oldest for .*, 5 lines appended/);
    expect(head).toMatch(/^STATE +UNREAD +LAG +SIZE +OFFSET +CHANNEL +PATH$/);
    expect(rows[0]).toMatch(/^partial line +5 B .* 10 B +5 B +web\/5\.log +\S+5\.log$/);
    expect(rows[1]).toMatch(/4\.log$/);
    expect(rows[2]).toBe('… and 3 more files (--all shows them)');
    expect((await rig.askStatus('--all')).stdout).toMatch(/\/1\.log\n/);
  });

  test('tells a store that is slow from one that is away, and when it is back', async () => {
    const rig = await startStatusRig();
    await writeFile(rig.path('app.log'), 'one\n');
    await rig.startAgent('app.log');
    await rig.fileOnce('app.log', 'idle');
    process.kill(rig.redis.pid, 'SIGSTOP');
    await appendFile(rig.path('app.log'), 'two\n');
    expect(await rig.fileOnce('app.log', 'reading')).toMatchObject({ unreadBytes: 4, offsetBytes: 4 });
    await rig.redis.kill();
    const away = await rig.fileOnce('app.log', 'store_away');
    expect(away.unreadBytes).toBe(4);
    const [{ storeAway } = {}] = await rig.statuses();
    expect(storeAway?.message).not.toBe('');
    expect((await rig.askStatus()).stdout).toMatch(/\nthe store is away since \S+Z: /);
    await rig.redis.start();
    const { files } = await rig.statusOnce('the store', (status) => status.storeAway === undefined);
    expect(files).toHaveLength(1);
    expect(await rig.fileOnce('app.log', 'idle')).toMatchObject({ offsetBytes: 8, lagSeconds: 0 });
  });
});

describe('tailrace agent status among several agents, or none,', () => {
  test('shows all agents that there are, each as far as it is', async () => {
    const rig = await startStatusRig();
    await writeFile(rig.path('a.log'), 'a\n');
    await writeFile(rig.path('b.log'), 'b\nb\n');
    const agents = [await rig.startAgent('a.log'), await rig.startAgent('b.log')];
    const pids = (await rig.statuses()).map(({ pid }) => pid);
    expect(pids.sort()).toEqual(agents.map(({ pid }) => pid).sort());
    const { stdout } = await rig.askStatus();
    for (const { pid } of agents) expect(stdout).toContain(`agent ${pid} on web`);
  });

  test('without an agent says where it looked, and fails', async () => {
    const rig = await startStatusRig();
    const { code, stdout, stderr } = await rig.askStatus();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      `tailrace: no agent with the default status_socket is running here: there is none in ${rig.socketDirectory}, `,
    );
  });

  test('names an agent that does not answer, and still shows the others', async () => {
    const rig = await startStatusRig();
    const agent = await rig.startAgent('a.log');
    const mute = createServer().listen(join(rig.socketDirectory, 'agent-1-dumb.sock'));
    onTestFinished(() => void mute.close());
    const { code, stdout, stderr } = await rig.askStatus();
    expect(code).toBe(1);
    expect(stdout).toContain(`agent ${agent.pid} on web`);
    expect(stderr).toMatch(/agent-1-dumb\.sock does not say how it is: no answer within 3 s/);
  });
});

test('a program named status behind -- is run, and no status is shown', async () => {
  const args = ['--exec', '--redis', 'redis://127.0.0.1:1', '--tenant', 'acme'];
  const { stdout, stderr } = await runTailrace(['agent', ...args, '--', 'status', '-o', 'json']);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/tailing the output of status/);
});

describe('the status socket', () => {
  test('is for its own user alone, and goes with the agent', async () => {
    const rig = await startStatusRig();
    const agent = await rig.startAgent('a.log');
    const [name = ''] = await readdir(rig.socketDirectory);
    expect(name).toMatch(new RegExp(`^agent-${agent.pid}-\\w+\\.sock$`));
    expect((await lstat(join(rig.socketDirectory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(rig.socketDirectory)).mode & 0o777).toBe(0o700);
    await agent.stop();
    expect(await readdir(rig.socketDirectory)).toEqual([]);
  });

  test('of an agent that was killed is known for what it is, and removed', async () => {
    const rig = await startStatusRig();
    const killed = await rig.startAgent('a.log');
    await killed[Symbol.asyncDispose]();
    expect(await readdir(rig.socketDirectory)).toHaveLength(1);
    expect((await rig.askStatus()).code).toBe(1);
    expect(await readdir(rig.socketDirectory)).toEqual([]);
  });

  test('of an agent that was killed is removed by the next agent too', async () => {
    const rig = await startStatusRig();
    await (await rig.startAgent('a.log'))[Symbol.asyncDispose]();
    const next = await rig.startAgent('a.log');
    expect(await readdir(rig.socketDirectory)).toEqual([expect.stringContaining(`agent-${next.pid}-`)]);
  });

  test('is where the configuration says, is taken over from a killed agent, and not from a living one', async () => {
    const rig = await startStatusRig();
    const socket = rig.path('own.sock');
    const config = `sources: [{include: [a.log]}]\nstatus_socket: ${socket}\n`;
    await writeFile(rig.path('agent.yaml'), config);
    await (await rig.startAgent('--config', 'agent.yaml'))[Symbol.asyncDispose]();
    const second = await rig.startAgent('--config', 'agent.yaml');
    const third = await rig.startAgent('--config', 'agent.yaml');
    await third.seeStderr(/will not find this agent: another agent answers at .*own\.sock/);
    await third.stop();
    const { stdout } = await rig.askStatus('--socket', socket);
    expect(stdout).toContain(`agent ${second.pid} on web`);
  });

  test('is not there where it is switched off', async () => {
    const rig = await startStatusRig();
    await writeFile(rig.path('agent.yaml'), 'sources: [{include: [a.log]}]\nstatus_socket: off\n');
    await rig.startAgent('--config', 'agent.yaml');
    expect((await rig.askStatus()).code).toBe(1);
  });

  test('that cannot be had is a warning, and lines are read all the same', async () => {
    const rig = await startStatusRig();
    await mkdir(rig.socketDirectory);
    // Whoever may write there could put another socket in its place.
    await chmod(rig.socketDirectory, 0o777);
    await writeFile(rig.path('blocked'), '');
    await writeFile(rig.path('agent.yaml'), 'sources: [{include: [a.log]}]\nstatus_socket: blocked/a.sock\n');
    await writeFile(rig.path('a.log'), 'a line\n');
    const agent = await rig.startAgent('--config', 'agent.yaml', '--metrics', '127.0.0.1:0');
    await agent.seeStderr(
      /"level":40,.*will not find this agent: there is no directory blocked; name another/,
    );
    const [, url = ''] = await agent.seeStderr(/metrics at (http:\S+\/metrics)/);
    await waitFor('the line', async () => / ?lines_appended_total 1\n/.test(await (await fetch(url)).text()));
    const open = await rig.startAgent('a.log');
    expect(await readdir(rig.socketDirectory)).toEqual([]);
    expect((await rig.statuses()).map(({ pid }) => pid)).toEqual([open.pid]);
  });
});
