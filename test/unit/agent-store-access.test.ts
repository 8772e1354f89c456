import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoreAccess, type StoreClient } from '../../agent/sources/store-access.js';
import { StoreError } from '../../shared/errors.js';

const AWAY = new StoreError('unavailable', 'Redis is away', { retryable: true });
const INTERRUPTED = new StoreError('interrupted', 'the connection ended', { retryable: true });
const FORBIDDEN = new StoreError('forbidden', 'no rights');

class Client implements StoreClient {
  readonly path: string;
  wakes = 0;
  constructor(path: string) {
    this.path = path;
  }
  wake(): void {
    this.wakes++;
  }
}

const notices: string[] = [];
const note = (message: string) => void notices.push(message);
const logger = { debug: note, info: note, warn: note, error: note };
let backs = 0;
let access: StoreAccess;

beforeEach(() => {
  vi.useFakeTimers();
  notices.length = 0;
  backs = 0;
  access = new StoreAccess(logger, () => backs++);
});

afterEach(() => {
  access.close();
  vi.useRealTimers();
});

test('during an outage one client at a time tries, in turn, and its success wakes the others', () => {
  const [a, b, c] = [new Client('a'), new Client('b'), new Client('c')];
  access.failed(a, AWAY);
  expect([a, b, c].map((client) => access.admits(client))).toEqual([false, false, false]);
  vi.advanceTimersByTime(5_000);
  expect([a, b, c].map(({ wakes }) => wakes)).toEqual([1, 0, 0]);
  expect([a, b].map((client) => access.admits(client))).toEqual([true, false]);
  access.failed(a, AWAY);
  vi.advanceTimersByTime(5_000);
  expect([a, b, c].map(({ wakes }) => wakes)).toEqual([1, 1, 0]);
  access.succeeded(b);
  expect(access.isAway).toBe(false);
  expect([a, b, c].map(({ wakes }) => wakes)).toEqual([2, 1, 1]);
  expect(backs).toBe(1);
});

test('an outage is announced once, whatever fails in it, and its end once', () => {
  const clients = Array.from({ length: 100 }, (_, index) => new Client(`${index}`));
  for (const client of clients) access.failed(client, AWAY);
  for (let round = 0; round < 10; round++) {
    vi.advanceTimersByTime(5_000);
    for (const client of clients) if (access.admits(client)) access.failed(client, AWAY);
  }
  for (const client of clients) access.succeeded(client);
  expect(notices).toEqual([
    'nothing is sent until the store is back; files keep their lines: Redis is away',
    'the store is back; sending goes on',
  ]);
});

test('a client that has nothing to try any more passes its turn on', () => {
  const [a, b] = [new Client('a'), new Client('b')];
  access.failed(a, AWAY);
  access.admits(b);
  vi.advanceTimersByTime(5_000);
  expect(a.wakes).toBe(1);
  access.passed(a);
  vi.advanceTimersByTime(5_000);
  expect([a.wakes, b.wakes]).toEqual([1, 1]);
});

test('whoever comes when nobody waits any more tries next', () => {
  const [a, b] = [new Client('a'), new Client('b')];
  access.failed(a, AWAY);
  vi.advanceTimersByTime(5_000);
  access.passed(a);
  vi.advanceTimersByTime(5_000);
  expect(access.admits(b)).toBe(false);
  vi.advanceTimersByTime(5_000);
  expect(b.wakes).toBe(1);
  expect(access.admits(b)).toBe(true);
});

test('a client that has left is not waited for, whether it stands in line or it is its turn', () => {
  const [a, b, c] = [new Client('a'), new Client('b'), new Client('c')];
  for (const client of [a, b, c]) access.failed(client, AWAY);
  access.left(a);
  vi.advanceTimersByTime(5_000);
  expect([a, b, c].map(({ wakes }) => wakes)).toEqual([0, 1, 0]);
  access.left(b);
  vi.advanceTimersByTime(5_000);
  expect([a, b, c].map(({ wakes }) => wakes)).toEqual([0, 1, 1]);
});

test('an error of one channel holds back only who met it, and is announced once', () => {
  const [a, b] = [new Client('/a.log'), new Client('/b.log')];
  access.failed(a, FORBIDDEN);
  expect([access.isAway, access.admits(a), access.admits(b)]).toEqual([false, false, true]);
  vi.advanceTimersByTime(5_000);
  expect([a.wakes, access.admits(a)]).toEqual([1, true]);
  access.failed(a, FORBIDDEN);
  access.succeeded(b);
  vi.advanceTimersByTime(5_000);
  access.succeeded(a);
  expect(notices).toEqual([
    '/a.log: the store refuses its lines; they stay in the file: no rights',
    '/a.log: the store takes its lines again',
  ]);
});

test('a connection that ends is no outage before another one cannot be had', () => {
  const client = new Client('a');
  access.failed(client, INTERRUPTED);
  expect(access.isAway).toBe(true);
  vi.advanceTimersByTime(5_000);
  access.reached();
  expect(notices).toEqual([]);
  access.failed(client, INTERRUPTED);
  vi.advanceTimersByTime(5_000);
  access.failed(client, INTERRUPTED);
  expect(notices).toEqual([
    'nothing is sent until the store is back; files keep their lines: the connection ended',
  ]);
});

test('that the store answers does not end a refusal; that it takes lines does', () => {
  const client = new Client('/a.log');
  for (let time = 0; time < 3; time++) {
    access.failed(client, FORBIDDEN);
    vi.advanceTimersByTime(5_000);
    access.reached();
  }
  expect(notices).toEqual(['/a.log: the store refuses its lines; they stay in the file: no rights']);
  access.succeeded(client);
  expect(notices).toHaveLength(2);
});

test('one client at a time is on trial, and those that wait are woken when it is over', () => {
  const [a, b] = [new Client('a'), new Client('b')];
  expect([access.beginTrial(a), access.beginTrial(b), access.beginTrial(a)]).toEqual([true, false, true]);
  access.passed(b);
  expect(access.beginTrial(b)).toBe(false);
  access.passed(a);
  expect([a.wakes, b.wakes, access.beginTrial(b)]).toEqual([0, 1, true]);
});

test('a pause holds back one client, is longer the more there were, and ends by itself', () => {
  const [a, b] = [new Client('a'), new Client('b')];
  access.pause(a, 3);
  access.pause(a, 3);
  expect([access.admits(a), access.admits(b)]).toEqual([false, true]);
  vi.advanceTimersByTime(500 * 2 ** 3);
  expect([access.admits(a), a.wakes]).toEqual([true, 1]);
});
