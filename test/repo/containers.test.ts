import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../cli/command-line.js';
import type { Shell } from '../../cli/shell.js';
import { readSource, repositoryFiles } from './source-file.js';

interface Service {
  readonly build?: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<'redis' | 'hub' | 'agent', Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const { services, volumes } = parse(readSource('docker-compose.yml').text) as Compose;
const dockerfile = readSource('Dockerfile').text;
const commands = createProgram({ env: {} } as Shell, () => async () => {}).commands;

function findCommand(name: string | undefined): Command | undefined {
  return commands.find((command) => command.name() === name);
}

const ENVIRONMENT = repositoryFiles(['.ts'])
  .filter(({ path }) => path.startsWith('cli/'))
  .flatMap(({ text }) => text.match(/TAILRACE_[A-Z_]+/g) ?? []);

describe('docker-compose.yml', () => {
  test.each(['hub', 'agent'] as const)(
    '%s runs a command that exists, with settings that it reads',
    (name) => {
      const { command, environment = {} } = services[name];
      expect(findCommand(command[0])).toBeDefined();
      for (const variable of Object.keys(environment)) expect(ENVIRONMENT).toContain(variable);
    },
  );

  test('the agent is healthy as long as its Redis fits', () => {
    const [, program, command] = services.agent.healthcheck?.test ?? [];
    expect(program).toBe('tailrace');
    expect(findCommand(command)).toBeDefined();
  });

  test('hub and agent wait for a Redis that answers', () => {
    expect(services.redis.healthcheck).toBeDefined();
    for (const { depends_on: needs } of [services.hub, services.agent]) {
      expect(needs).toEqual({ redis: { condition: 'service_healthy' } });
    }
  });

  test('Redis keeps what it was given: on disk, in a named volume, without eviction', () => {
    const [volume] = services.redis.volumes?.map((mount) => mount.split(':')[0]) ?? [];
    expect(Object.keys(volumes)).toContain(volume);
    expect(services.redis.command.join(' ')).toContain('--appendonly yes');
    expect(services.redis.command.join(' ')).toContain('--maxmemory-policy noeviction');
  });
});

describe('Dockerfile', () => {
  test('runs a command that exists, as a user who is not root', () => {
    const [, command] = /^CMD \["(\w+)"\]$/m.exec(dockerfile) ?? [];
    expect(findCommand(command)).toBeDefined();
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  test('asks the hub whether it lives at a path that the hub serves', () => {
    const [, path] = /HEALTHCHECK[\s\S]*?127\.0\.0\.1:\d+(\/\w+)/.exec(dockerfile) ?? [];
    const served = repositoryFiles(['.ts']).filter((file) => file.path.startsWith('hub/'));
    expect(served.some(({ text }) => text.includes(`'${path}'`))).toBe(true);
  });
});
