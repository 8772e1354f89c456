import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agentConfig } from '../../agent/config/config.js';
import { checkFiles } from '../../cli/checks/files.js';
import type { Finding } from '../../cli/checks/finding.js';
import { checkInotify } from '../../cli/checks/host.js';
import { checkRedis, judgeRedis } from '../../cli/checks/redis.js';
import { checkToken } from '../../cli/checks/token.js';
import { parseRedisUrl } from '../../shared/store/redis/address.js';
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

  test('is asked with the login that stands beside its address', () => {
    const login = { username: 'a/b', password: '%41:@ é' };
    const address = parseRedisUrl('redis://[::1]:7000/3', login);
    expect(address).toMatchObject({ ...login, host: '::1', port: 7_000, database: 3 });
    expect(parseRedisUrl('redis://u:p@host')).toMatchObject({ username: 'u', password: 'p', host: 'host' });
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
  function check(...sources: readonly Record<string, unknown>[]) {
    const options = { searchPath: '/usr/bin:/bin' };
    return checkFiles(agentConfig.parse({ tenant: 'acme', sources }), options);
  }

  test('are checked one by one, and a glob by what it has before its first wildcard', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'logs'));
    await writeFile(join(directory, 'logs', 'app.log'), '');
    const paths = ['logs', 'logs/*.txt', 'missing/*.log', 'gone.log'].map((path) => join(directory, path));
    const findings = check(...paths.map((path) => ({ include: [path] })));
    expect(findings.map(({ level, text }) => [level, text.replaceAll(directory, '')])).toEqual([
      ['ok', '/logs/app.log can be read'],
      ['ok', '/logs/*.txt: no file now; those that come are read'],
      ['fail', '/missing does not exist: correct the path, or start what writes it'],
      ['fail', '/gone.log does not exist: correct the path, or start what writes it'],
    ]);
  });

  test('that are no regular files, or whose names are not UTF-8, are failures', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'logs'));
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    await writeFile(Buffer.concat([Buffer.from(join(directory, 'logs/')), Buffer.from([0xe9])]), '');
    const findings = check({ include: [join(directory, 'pipe'), join(directory, 'logs')] });
    expect(levels(findings)).toEqual(['fail files', 'fail files']);
    expect(findings[0]?.text).toContain(`${directory}/pipe is no regular file`);
    expect(findings[1]?.text).toBe(`${directory}/logs/\uFFFD has a name that is not UTF-8: rename it`);
  });

  test('of an earlier source are a warning for a source that has no others', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'app.log'), '');
    const findings = check({ include: [directory] }, { include: [join(directory, '*.log')] });
    expect(levels(findings)).toEqual(['warn files']);
    expect(findings[1]?.text).toMatch(/\*\.log: the first source that means a file has it: sources\.0$/);
  });

  test('and so is the output of commands, whose programs are looked for', async () => {
    const findings = check(
      ...[['sh', '-c', 'exit'], ['no-such-program-here'], ['/etc/passwd']].map((command) => ({
        exec: { command },
      })),
    );
    expect(levels(findings)).toEqual(['fail command', 'fail command']);
    expect(findings[1]?.text).toContain('there is no such program on the PATH');
    expect(findings[2]?.text).toContain('it may not be run by this user');
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
