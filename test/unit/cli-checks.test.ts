import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../cli/checks/finding.js';
import { checkFiles, checkInotify } from '../../cli/checks/host.js';
import { checkRedis, judgeRedis } from '../../cli/checks/redis.js';
import { checkToken } from '../../cli/checks/token.js';
import type { RedisProbe } from '../../shared/store/redis/probe.js';
import { temporaryDirectory } from '../support/temporary.js';

const GOOD: RedisProbe = {
  server: 'redis:6379',
  version: '7.0.15',
  maxmemoryPolicy: 'noeviction',
  appendOnly: true,
  save: '',
  clockAheadMs: 3,
  roundTripMs: 1,
};

function levels(findings: readonly Finding[]): string[] {
  return findings.filter(({ level }) => level !== 'ok').map(({ level, subject }) => `${level} ${subject}`);
}

describe('a Redis server', () => {
  test.each<[string, Partial<RedisProbe>, string[]]>([
    ['that fits', {}, []],
    ['of a later major version', { version: '8.2.1' }, []],
    ['that is too old', { version: '6.2.14' }, ['fail version']],
    ['that evicts', { maxmemoryPolicy: 'allkeys-lru' }, ['fail eviction']],
    ['with snapshots only', { appendOnly: false, save: '3600 1' }, ['warn persistence']],
    ['without any persistence', { appendOnly: false }, ['warn persistence']],
    ['whose clock is ahead', { clockAheadMs: 5_000 }, ['warn clock']],
    ['whose clock is behind', { clockAheadMs: -5_000 }, ['warn clock']],
  ])('%s is judged so', (_kind, difference, expected) => {
    expect(levels(judgeRedis({ ...GOOD, ...difference }))).toEqual(expected);
  });

  test('that nobody names is not checked', async () => {
    expect(levels(await checkRedis(undefined))).toEqual(['skip redis']);
  });
});

describe('limits of the kernel', () => {
  test('that are low are a warning with the setting to change', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'max_user_watches'), '8192\n');
    await writeFile(join(directory, 'max_user_instances'), '128\n');
    const findings = checkInotify(directory);
    expect(levels(findings)).toEqual(['warn inotify']);
    expect(findings[0]?.text).toContain('fs.inotify.max_user_watches=65536');
    expect(findings).toHaveLength(2);
  });

  test('that do not exist on this system are not mentioned', async () => {
    expect(checkInotify(join(await temporaryDirectory(), 'missing'))).toEqual([]);
  });
});

describe('files', () => {
  test('are checked by what a glob has before its first wildcard', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'logs'));
    await writeFile(join(directory, 'logs', 'app.log'), '');
    const paths = ['logs', 'logs/app.log', 'logs/*.log', 'missing/*.log'];
    const findings = checkFiles(paths.map((path) => join(directory, path)));
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'fail']);
    expect(findings[3]?.text).toContain(`${join(directory, 'missing')} does not exist`);
  });
});

describe('a secret', () => {
  test('that others may read is a warning, one that is too short a failure', async () => {
    const directory = await temporaryDirectory();
    const [open, short] = [join(directory, 'open'), join(directory, 'short')];
    await writeFile(open, 's'.repeat(48), { mode: 0o644 });
    await writeFile(short, 'short', { mode: 0o600 });
    const check = (secretFile: string) => levels(checkToken({ token: undefined, secretFile, nowMs: 0 }));
    expect(check(open)).toEqual(['warn secret', 'skip token']);
    expect(check(short)).toEqual(['fail secret', 'skip token']);
  });
});
