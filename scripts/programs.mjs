/**
 * The programs that tests and benchmarks run against, none of them from npm: a real redis-server, for the
 * end-to-end tests nginx, wrk, logrotate and a browser, and rsyslog to compare with. What is missing is installed
 * with apt where that needs no password. No service is started by it.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail } from './set-up.mjs';

const REDIS_MAJOR_MINIMUM = 7;

/** Program and the Debian package it comes in. */
export const PACKAGES = {
  nginx: 'nginx-light',
  wrk: 'wrk',
  logrotate: 'logrotate',
  chromium: 'chromium',
  strace: 'strace',
  script: 'bsdutils',
  'systemd-analyze': 'systemd',
  rsyslogd: 'rsyslog-hiredis',
};

/** Directories of system programs are often not on the PATH of a user who is not root. */
const DIRECTORIES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The path of a redis-server that is new enough; ends the process with a sentence where there is none. */
export function requireRedis() {
  if (process.env.REDIS_SERVER === undefined && find('redis-server') === undefined) apt(['redis-server']);
  const path = process.env.REDIS_SERVER ?? find('redis-server');
  if (path === undefined) {
    fail(
      'the tests need a real redis-server 7.0 or newer: install it (Debian, Ubuntu: `apt-get install redis-server`; ' +
        'macOS: `brew install redis`) or name one with REDIS_SERVER=/path/to/redis-server',
    );
  }
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const major = Number(/v=(\d+)/.exec(stdout ?? '')?.[1]);
  if (Number.isNaN(major))
    fail(`${path} is no redis-server that runs here: set REDIS_SERVER to one that does`);
  if (major < REDIS_MAJOR_MINIMUM) {
    fail(`${path} is Redis ${major}, the tests need 7.0 or newer: set REDIS_SERVER to a newer one`);
  }
  return path;
}

/** Tries to have them all; tests that need a missing one skip with a sentence, except in CI where they must run. */
export function provideEndToEndPrograms() {
  const isMissing = (program) => find(program) === undefined;
  const missing = Object.keys(PACKAGES).filter(isMissing);
  if (missing.length > 0) apt(missing.map((program) => PACKAGES[program]));
  const still = missing.filter(isMissing);
  if (still.length === 0) return;
  const sentence = `not installed: ${still.join(', ')} (Debian packages: ${still.map((name) => PACKAGES[name]).join(', ')})`;
  if (process.env.CI === 'true' && process.getuid?.() === 0) fail(`${sentence}; in CI all tests must run`);
  console.error(`tailrace: ${sentence}; the tests that need them are skipped`);
}

/** Tries to have the yardstick of the benchmarks; without it they leave that comparison out, with a sentence. */
export function provideRsyslog() {
  if (find('rsyslogd') === undefined) apt([PACKAGES.rsyslogd]);
}

/** The path of a program, undefined where it is not installed. */
export function find(program) {
  return DIRECTORIES.map((directory) => join(directory, program)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Debian starts a service as soon as its package is installed, unless policy-rc.d forbids it. One package
 * after the other, so that one that does not exist here does not keep the others away.
 */
const INSTALL = `
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  for package in "$@"; do
    apt-get install -y -qq --no-install-recommends "$package" >&2
  done`;

function apt(packages) {
  const root = rootPrefix();
  if (root === undefined || find('apt-get') === undefined) return;
  console.error(`tailrace: installing ${packages.join(', ')} with apt, for the tests …`);
  const [command, ...args] = [...root, 'sh', '-c', INSTALL, 'install', ...packages];
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) console.error(stderr);
}

function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}
