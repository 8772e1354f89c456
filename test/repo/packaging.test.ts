import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { SERVICE_DIRECTORY } from '../../agent/status/runtime-directory.js';
import { createProgram } from '../../cli/command-line.js';
import type { Shell } from '../../cli/shell.js';
import packageJson from '../../package.json' with { type: 'json' };
import { readSource } from './source-file.js';

type Unit = ReadonlyMap<string, readonly string[]>;

/** Every line of a unit is a comment, a section or an assignment; the last ones by their key. */
function parseUnit(text: string): Unit {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const unit = new Map<string, string[]>();
  for (const line of lines) {
    const [, key, value = ''] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) unit.set(key, [...(unit.get(key) ?? []), value]);
    else if (!/^\[(Unit|Service|Install)\]$/.test(line)) throw new Error(`not understood: ${line}`);
  }
  return unit;
}

const UNITS = ['tailrace-agent', 'tailrace-hub'].map(
  (name) => [name, parseUnit(readSource(`packaging/systemd/${name}.service`).text)] as const,
);
const AGENT = UNITS[0]?.[1] as Unit;

const program = createProgram({ env: {} } as Shell, () => async () => {});

/** The flags of a call of `tailrace` that do not exist. */
function unknownFlags(call: string): string[] {
  const [path, name, ...words] = call.split(' ');
  if (path !== '/usr/bin/tailrace') return [`${path} is another program`];
  const command = program.commands.find((candidate: Command) => candidate.name() === name);
  if (command === undefined) return [`there is no tailrace ${name}`];
  const known = new Set(command.options.map(({ long }) => long));
  return words.filter((word) => word.startsWith('--') && !known.has(word));
}

describe.each(UNITS)('packaging/systemd/%s.service', (_name, unit) => {
  test('calls commands that exist, with flags that they have', () => {
    const calls = unit.get('ExecStart') ?? [];
    expect(calls).toHaveLength(1);
    expect(calls.flatMap(unknownFlags)).toEqual([]);
  });

  test('is confined', () => {
    const one = (key: string) => unit.get(key)?.[0];
    for (const key of [
      'NoNewPrivileges',
      'DynamicUser',
      'PrivateTmp',
      'PrivateDevices',
      'RestrictNamespaces',
    ]) {
      expect([key, one(key)]).toEqual([key, 'yes']);
    }
    expect(one('ProtectSystem')).toBe('strict');
    expect(unit.get('SystemCallFilter')).toEqual(['@system-service', '~@resources @privileged']);
    // V8 could not start.
    expect(one('MemoryDenyWriteExecute')).toBeUndefined();
  });

  test('starts again by itself, but not with a configuration that is wrong', () => {
    expect(unit.get('Restart')).toEqual(['always']);
    expect(unit.get('RestartPreventExitStatus')).toEqual(['2 78']);
    // What it returns prevents nothing (systemd/systemd#11868): a wrong configuration would start again for ever.
    expect(unit.get('ExecStartPre')).toBeUndefined();
  });

  test('is given the time that a stop may take', () => {
    const [, stopMs = ''] = /STOP_TIMEOUT_MS = ([\d_]+);/.exec(readSource('cli/main.ts').text) ?? [];
    const stopSeconds = Number(stopMs.replaceAll('_', '')) / 1_000;
    expect(Number.parseInt(unit.get('TimeoutStopSec')?.[0] ?? '', 10)).toBeGreaterThan(stopSeconds);
  });
});

test('a flag or a command that a unit calls in vain is noticed', () => {
  expect(unknownFlags('/usr/bin/tailrace agent --for-ever')).toEqual(['--for-ever']);
  expect(unknownFlags('/usr/bin/tailrace fly')).toEqual(['there is no tailrace fly']);
  expect(() => parseUnit('[Service]\nRestart\n')).toThrow('not understood: Restart');
});

test('the agent may read every log, reloads, and has its socket where `tailrace agent status` looks', () => {
  expect(AGENT.get('CapabilityBoundingSet')).toEqual(['CAP_DAC_READ_SEARCH']);
  expect(AGENT.get('AmbientCapabilities')).toEqual(['CAP_DAC_READ_SEARCH']);
  expect(AGENT.get('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
  expect(`/run/${AGENT.get('RuntimeDirectory')?.[0]}`).toBe(SERVICE_DIRECTORY);
});

test('the package holds them', () => {
  expect(packageJson.files).toContain('packaging');
});
