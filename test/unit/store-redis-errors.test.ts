import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../shared/errors.js';
import {
  isMissingScript,
  MalformedReply,
  toConnectionError,
  toStoreError,
} from '../../shared/store/redis/error-mapping.js';

/** As ioredis makes them. */
function reply(message: string): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'HELLO', args: ['s3cret'] },
  });
}

const SCRIPT = 'script: f6f0f4279eb5f3c033783e823401ad4d015b2ae6, on @user_script:12.';

/** What Redis 6.2, 7.0 and 7.2 and Valkey 8 say. */
const REPLIES = [
  ["OOM command not allowed when used memory > 'maxmemory'.", 'full', true],
  [
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
    'full',
    true,
  ],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'full', true],
  ["READONLY You can't write against a read only replica.", 'read_only', true],
  [`ERR Error running script: @user_script: 1: -READONLY You can't write`, 'read_only', true],
  ['LOADING Redis is loading the dataset in memory', 'unavailable', true],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL', 'unavailable', true],
  ['MASTERDOWN Link with MASTER is down', 'unavailable', true],
  ['CLUSTERDOWN Hash slot not served', 'unavailable', true],
  ['NOREPLICAS Not enough good replicas to write.', 'unavailable', true],
  ['ERR max number of clients reached', 'unavailable', true],
  ['NOAUTH HELLO must be called with the client already authenticated', 'unauthenticated', false],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'unauthenticated', false],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'forbidden', false],
  [`ERR The user executing the script can't run this command or subcommand ${SCRIPT}`, 'forbidden', false],
  [`WRONGTYPE Operation against a key holding the wrong kind of value ${SCRIPT}`, 'corrupt', false],
  [`CORRUPT an entry without seq in tailrace:{acme/web}:log ${SCRIPT}`, 'corrupt', false],
  [
    "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
    'unsupported',
    false,
  ],
  ["ERR unknown command 'SSUBSCRIBE', with args beginning with: 'x'", 'unsupported', false],
  ['ERR DB index is out of range', 'unsupported', false],
  ['ERR something new in Redis 12', 'refused', true],
  ['ERR Protocol error: invalid bulk length', 'refused', true],
] as const;

describe('an error of Redis', () => {
  test.each(REPLIES)('%s', (message, code, retryable) => {
    const error = toStoreError(reply(message), 'redis.example:6379');
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toMatch(/^Redis at redis\.example:6379 .+: .+\./);
    expect(error.message).not.toContain('script: f6f0');
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('s3cret');
  });
});

describe('an error of the network', () => {
  test.each([
    new Error('connect ECONNREFUSED 127.0.0.1:6379'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    new AggregateError([new Error('connect ECONNREFUSED ::1:6379')], ''),
    new Error('self-signed certificate'),
  ])('%s is unavailable, worth another attempt, and quoted', (cause) => {
    const error = toStoreError(cause, 'localhost:6379');
    expect(error).toMatchObject({ code: 'unavailable', retryable: true, cause });
    expect(error.message).toContain(cause instanceof AggregateError ? '::1:6379' : cause.message);
  });
});

test('a reply of another shape than ours is corrupt', () => {
  const error = toStoreError(new MalformedReply('a position'), 'localhost:6379');
  expect(error).toMatchObject({ code: 'corrupt', retryable: false });
});

test('a StoreError passes through', () => {
  const error = new StoreError('closed', 'closed');
  expect(toStoreError(error, 'localhost:6379')).toBe(error);
});

test('only a reply can be a missing script', () => {
  expect(isMissingScript(reply('NOSCRIPT No matching script. Please use EVAL.'))).toBe(true);
  expect(isMissingScript(reply('ERR NOSCRIPT'))).toBe(false);
  expect(isMissingScript(new Error('NOSCRIPT'))).toBe(false);
});

test('what goes wrong while a connection is made is not said of one call', () => {
  const error = toConnectionError(reply('ERR no upstream host'), 'localhost:6379');
  expect(error).toMatchObject({ code: 'unavailable', retryable: true });
});
