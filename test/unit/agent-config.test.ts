import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { agentConfig } from '../../agent/index.js';
import { UTF_8 } from '../../agent/lines/text-encoding.js';
import { ConfigError } from '../../shared/errors.js';
import { checkConfig } from '../support/checked-config.js';

const MINIMAL = { tenant: 'acme', sources: [{ include: ['/var/log/app.log'] }] };

test('defaults are filled in, and relative paths become absolute', () => {
  const sources = [{ include: ['logs/*.log', 'logs/', '-'] }];
  expect(checkConfig({ tenant: 'acme', sources }, agentConfig, 'agent.yaml')).toEqual({
    tenant: 'acme',
    host: hostname(),
    sources: [
      {
        include: [resolve('logs/*.log'), `${resolve('logs')}/`, '-'],
        exclude: [],
        channel: '{host}/{basename}',
        readFrom: 'start',
        labels: {},
        format: { encoding: UTF_8, lineBytesMax: 2 ** 20 },
      },
    ],
    openFilesMax: 512,
    retention: { bytes: 2 ** 30, ageMs: 7 * 86_400_000 },
  });
});

test('sizes and durations have units, and all settings arrive', () => {
  const settings = checkConfig(
    {
      tenant: 'acme',
      host: 'web-1',
      redis: { url: 'redis://10.0.0.1', key_prefix: 'logs:' },
      sources: [
        {
          include: ['/a'],
          exclude: ['*.tmp'],
          channel: 'x/{name}',
          read_from: 'end',
          labels: { service: 'shop' },
        },
      ],
      max_line_bytes: '16KiB',
      open_files_max: 64,
      retention: { bytes: '10MiB', age: '12h' },
    },
    agentConfig,
    'agent.yaml',
  );
  expect(settings).toMatchObject({
    host: 'web-1',
    redis: { url: 'redis://10.0.0.1', keyPrefix: 'logs:' },
    openFilesMax: 64,
    retention: { bytes: 10 * 2 ** 20, ageMs: 12 * 3_600_000 },
  });
  expect(settings.sources[0]).toEqual({
    include: ['/a'],
    exclude: ['*.tmp'],
    channel: 'x/{name}',
    readFrom: 'end',
    labels: { service: 'shop' },
    format: { encoding: UTF_8, lineBytesMax: 16 * 1024 },
  });
});

test('every problem is reported with its key', () => {
  const wrong = [
    [{ ...MINIMAL, tenant: 'Acme!' }, 'tenant: must be a-z'],
    [{ tenant: 'acme' }, 'sources: '],
    [{ ...MINIMAL, sources: [] }, 'sources: must have at least one entry'],
    [{ ...MINIMAL, sources: [{ include: [] }] }, 'sources.0.include: must name at least one'],
    [
      { ...MINIMAL, sources: [{ include: ['/a'], channel: '{file}' }] },
      'sources.0.channel: {file} is not one of',
    ],
    [{ ...MINIMAL, sources: [{ include: ['/a'], from: 'end' }] }, 'sources.0.from: is not a known key'],
    [{ ...MINIMAL, sources: [{ include: ['/a'], read_from: 'tail' }] }, 'sources.0.read_from: '],
    [
      { ...MINIMAL, sources: [{ include: ['/a'], encoding: 'utf-33' }] },
      'sources.0.encoding: must be an encoding',
    ],
    [{ ...MINIMAL, max_line_bytes: '2MiB' }, 'max_line_bytes: must be at most'],
    [{ ...MINIMAL, max_line_bytes: 0 }, 'max_line_bytes: must be a size'],
    [{ ...MINIMAL, redis: { url: 'http://redis' } }, 'redis.url: must be redis://'],
    [{ ...MINIMAL, redis: { url: 'redis://host:99999' } }, 'redis.url: must have a host, and a port up to'],
    [{ ...MINIMAL, retention: { age: 7 } }, 'retention.age: has no unit: write d, h,'],
    [{ ...MINIMAL, sources: [{ include: ['/a'], ignore_older: 7 }] }, 'sources.0.ignore_older: has no unit'],
    [
      { ...MINIMAL, sources: [{ include: ['/a'], multiline: { start: 'x', max_wait: 5 } }] },
      'sources.0.multiline.max_wait: has no unit',
    ],
    [
      { ...MINIMAL, sources: [{ include: ['/a'], labels: { '1a': 'x' } }] },
      'sources.0.labels.1a: must have a name',
    ],
    [{ ...MINIMAL, metrics: { listen: ':9464' } }, /^agent\.yaml: metrics\.listen: must be host:port[^\n]*$/],
    [{ ...MINIMAL, max_lines: 3 }, 'max_lines: is not a known key'],
  ] as const;
  for (const [value, problem] of wrong) {
    const check = () => checkConfig(value, agentConfig, 'agent.yaml');
    expect(check, `${problem}`).toThrow(ConfigError);
    expect(check).toThrow(problem);
  }
});

test.each([
  [{ exclude: ['*.gz'] }, 'sources.0.exclude: is for files, and `exec` reads none'],
  [{ read_from: 'start' }, 'sources.0.read_from: is for files'],
  [{ ignore_older: '1d' }, 'sources.0.ignore_older: is for files'],
  [{ labels: { stream: 'mine' } }, 'sources.0.labels.stream: is set by the agent'],
])('what a command would be without is refused: %j', (keys, problem) => {
  const ofFiles = { ...MINIMAL, sources: [{ include: ['/a'], ...keys }] };
  expect(() => checkConfig(ofFiles, agentConfig, 'agent.yaml')).not.toThrow();
  const ofCommand = { ...MINIMAL, sources: [{ exec: { command: ['ls'] }, labels: { team: 'x' }, ...keys }] };
  expect(() => checkConfig(ofCommand, agentConfig, 'agent.yaml')).toThrow(problem);
});

test('one source alone may read standard input', () => {
  const read = (...sources: string[][]) => {
    const config = { ...MINIMAL, sources: sources.map((include) => ({ include })) };
    return () => checkConfig(config, agentConfig, 'agent.yaml');
  };
  expect(read(['/a', '-'], ['/b'])).not.toThrow();
  expect(read(['/a'], ['-'], ['-', '/b'])).toThrow(
    'agent.yaml: sources.2.include: has - (standard input), and one source alone can read it: sources.1 does',
  );
});
