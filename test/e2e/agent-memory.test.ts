/** What an agent's process needs for lines of any length, with a heap of 64 MB: a few times the limit of a line. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openRedisReader } from '../../shared/store/redis/index.js';
import { AgentStand } from '../support/agent-stand.js';
import { startRedis } from '../support/redis-server.js';
import { MAIN, TailraceProcess } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const MIB = 2 ** 20;
const HEAP = '--max-old-space-size=64';
const GROWTH_BYTES_MAX = 64 * MIB;

/** As Linux counts it, up to now. */
function peakResidentBytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
}

function writeLong(path: string, byte: number, megabytes: number): void {
  const block = Buffer.alloc(10_000_000, byte);
  for (let written = 0; written < megabytes; written += 10) appendFileSync(path, block);
}

test('a line of 100 MB, a file of 300 MB without a newline and lines of 1 MiB and one byte need no more than a heap of 64 MB', async () => {
  await using redis = await startRedis();
  const reader = openRedisReader({ url: redis.url });
  onTestFinished(() => reader.close());
  const directory = await temporaryDirectory();
  // The store is only read here; the process has a writer of its own.
  const stand = new AgentStand(directory, { reader, writer: { close: async () => {} } as never });
  const flags = ['--redis', redis.url, '--tenant', 'acme', '--channel', '{basename}'];
  writeFileSync(join(directory, 'long.log'), 'first\n');
  await using agent = new TailraceProcess(process.execPath, [HEAP, MAIN, 'agent', ...flags, directory], {});
  await stand.linesOnce(1, 'long.log');
  const before = peakResidentBytes(agent.pid);

  writeLong(join(directory, 'long.log'), 0x78, 100);
  writeLong(join(directory, 'endless.log'), 0x79, 300);
  const over = `${'z'.repeat(MIB + 1)}\n`;
  writeFileSync(join(directory, 'over.log'), over.repeat(20));
  appendFileSync(join(directory, 'long.log'), '\nlast\n');
  expect((await stand.linesOnce(3, 'long.log')).map((line) => line.length)).toEqual([5, MIB, 4]);
  expect((await stand.linesOnce(20, 'over.log')).map((line) => line.length)).toEqual(Array(20).fill(MIB));
  expect(await stand.lines('endless.log')).toEqual([]);
  appendFileSync(join(directory, 'endless.log'), '\nend\n');
  expect((await stand.linesOnce(2, 'endless.log')).map((line) => line.length)).toEqual([MIB, 3]);
  expect(peakResidentBytes(agent.pid) - before).toBeLessThan(GROWTH_BYTES_MAX);
  expect((await agent.stop()).code).toBe(0);
});

test('a reader that keeps an unfinished line, as a control, does not live with that heap', async () => {
  const path = join(await temporaryDirectory(), 'long.log');
  writeLong(path, 0x78, 100);
  const program = `
    let line = '';
    const stream = require('node:fs').createReadStream(${JSON.stringify(path)}, 'latin1');
    stream.on('data', (text) => (line += text));`;
  const { status } = spawnSync(process.execPath, [HEAP, '-e', program]);
  expect(status).not.toBe(0);
});
