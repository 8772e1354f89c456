import { expect, test } from 'vitest';
import { channelOf, templateProblem } from '../../agent/config/channel-template.js';
import {
  basesOf,
  compareRotationAge,
  isCompressedName,
  isRotationOf,
} from '../../agent/rotation/rotation-name.js';
import { isChannel } from '../../shared/protocol/channel.js';

test('names that rotations give', () => {
  const rotations = [
    ['app.log', 'app.log.1'],
    ['app.log', 'app.log.12'],
    ['app.log', 'app.log-20261123'],
    ['app.log', 'app.log-2026112306'],
    ['app.log', 'app.log-1795413600'],
    ['app.log', 'app.log.2026-11-23'],
    ['app.log', 'app.log.2026-11-23-06-12'],
    ['app.log', 'app.log.2026-11-23T06:12:59'],
    ['app.log', 'app.log.2026-11-23.3'],
    ['app.log', 'app.log.old'],
    ['app.log', 'app.log.1.gz'],
    ['app.log', 'app-20261123.log'],
    ['app.log', 'app-2026-11-23.log'],
    ['app.log', 'app.2026-11-23.1.log'],
    ['app.log', 'app-20261123.log.zst'],
    ['syslog', 'syslog.1'],
    ['messages', 'messages-20261123.xz'],
  ] as const;
  for (const [base, name] of rotations) {
    expect(isRotationOf(base, name), name).toBe(true);
    expect(basesOf(name), name).toContain(base);
  }
});

test('names that are as likely files of their own', () => {
  const others = [
    ['app.log', 'app.log'],
    ['app.log', 'app.log.txt'],
    ['app.log', 'app.log1'],
    ['app.log', 'app.log.12345'],
    ['app.log', 'apple.log.1'],
    ['worker.log', 'worker-1.log'],
    ['worker.log', 'worker.1.log'],
    ['app.log', 'app.log.error'],
    ['app.log', 'app-20261399x.log'],
    ['app', 'app.log'],
  ] as const;
  for (const [base, name] of others) {
    expect(isRotationOf(base, name), name).toBe(false);
    expect(basesOf(name), name).not.toContain(base);
  }
});

test('where times are equal, dates decide, then counts', () => {
  const sorted = (names: string[]) => names.toSorted(compareRotationAge);
  expect(sorted(['a.log.1', 'a.log.10', 'a.log.2'])).toEqual(['a.log.10', 'a.log.2', 'a.log.1']);
  expect(sorted(['a-20261123', 'a-20261121', 'a-20261122'])).toEqual([
    'a-20261121',
    'a-20261122',
    'a-20261123',
  ]);
  expect(sorted(['a.2026-11-23.1', 'a.2026-11-22.1', 'a.2026-11-23.2'])).toEqual([
    'a.2026-11-22.1',
    'a.2026-11-23.2',
    'a.2026-11-23.1',
  ]);
});

test('compressed files are known by their endings', () => {
  for (const name of ['a.gz', 'a.log.1.zst', 'a.bz2', 'a.xz', 'a.Z'])
    expect(isCompressedName(name)).toBe(true);
  for (const name of ['a.log', 'gz', 'a.gzip.log']) expect(isCompressedName(name)).toBe(false);
});

test('placeholders of a template', () => {
  const path = '/var/log/nginx/access.log';
  expect(channelOf('{host}/{basename}', path, 'web-1')).toBe('web-1/access.log');
  expect(channelOf('{name}', path, 'web-1')).toBe('access');
  expect(channelOf('{parent}/{name}', path, 'web-1')).toBe('nginx/access');
  expect(channelOf('x/{dir}/{basename}', path, 'web-1')).toBe('x/var/log/nginx/access.log');
  expect(channelOf('fixed', path, 'web-1')).toBe('fixed');
  expect(channelOf('{parent}/{name}', '/top', 'web-1')).toBe('top');
});

test('of more segments than a channel may have, the first ones of {dir} are left out', () => {
  const eight = '/1/2/3/4/5/6/app.log';
  const nine = '/0/1/2/3/4/5/6/app.log';
  expect(channelOf('{host}/{dir}/{basename}', eight, 'web-1')).toBe('web-1/1/2/3/4/5/6/app.log');
  expect(channelOf('{host}/{dir}/{basename}', nine, 'web-1')).toBe('web-1/1/2/3/4/5/6/app.log');
  expect(channelOf('{host}/{dir}/{basename}', nine, 'web-2')).toBe('web-2/1/2/3/4/5/6/app.log');
  expect(channelOf('a/b/{host}-{dir}/c/{name}', nine, 'web-1')).toBe('a/b/web-1-3/4/5/6/c/app');
  expect(channelOf('{host}/{dir}/x/{dir}/{name}', nine, 'web-1')).toBe('web-1/5/6/x/5/6/app');
  expect(channelOf('{dir}/{name}', nine, 'web-1')).toBe('0/1/2/3/4/5/6/app');
  expect(channelOf('{host}/{dir}/{name}', nine, 'dc/web-1')).toBe('dc/web-1/2/3/4/5/6/app');
});

test('whatever the path and the host, the channel is valid, and long names stay distinct', () => {
  const paths = [
    '/a b/ü.log',
    '/..',
    '/__proto__',
    '/.',
    '/...',
    `/${'x'.repeat(255)}`,
    `/${'x'.repeat(254)}y`,
    '/1/2/3/4/5/6/7/8/9/10/11',
    `/${Array.from({ length: 12 }, () => 'y'.repeat(60)).join('/')}`,
    '/\n',
    '/😀',
    '/*',
  ];
  for (const template of ['{host}/{basename}', '{dir}/{name}', '{parent}', '{host}-{basename}'])
    for (const path of paths)
      for (const host of ['web', 'a.b.example', 'ho st', 'h'.repeat(255)])
        expect(isChannel(channelOf(template, path, host)), `${template} ${path} ${host}`).toBe(true);
  const long = paths.filter((path) => path.length === 256);
  expect(long).toHaveLength(2);
  expect(new Set(long.map((path) => channelOf('{basename}', path, 'web'))).size).toBe(2);
});

test('a template that cannot give a channel says why', () => {
  expect(templateProblem('{host}/{basename}')).toBeUndefined();
  expect(templateProblem('{file}')).toBe('{file} is not one of {basename}, {name}, {dir}, {parent}, {host}');
  expect(templateProblem('{}')).toContain('{} is not one of');
  for (const template of ['', 'a//b', '/a', 'a b', '{host', 'a/../b', '*'])
    expect(templateProblem(template), template).toContain('must be segments');
});
