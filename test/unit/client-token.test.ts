/** Where tokens come from and when a fresh one is asked for. */
import { expect, test } from 'vitest';
import { FakeWorld, settle } from '../support/client-fakes.js';

test('a function is asked before every connection', async () => {
  const world = new FakeWorld({ token: numberedTokens() });
  await settle();
  world.ready().end(1006);
  world.clock.advance(250);
  await settle();
  expect(world.sockets.map(({ token }) => token)).toEqual(['token 1', 'token 2']);
});

test('a function that fails is asked again later, and the notice says why', async () => {
  const world = new FakeWorld({ token: failingAt(1) });
  await settle();
  expect(world.notices).toMatchObject([
    { type: 'token_failed', message: expect.stringContaining('the login is down') },
  ]);
  world.clock.advance(250);
  await settle();
  expect(world.socket.token).toBe('token 2');
});

test.each([undefined, '', 7])('a function that returns %j has failed', async (nothing) => {
  const world = new FakeWorld({ token: () => nothing as string });
  await settle();
  expect(world.noticesOf('token_failed')).toHaveLength(1);
  expect(world.sockets).toHaveLength(0);
});

test('a function that never answers is given up, and a late answer ignored', async () => {
  const answers: ((token: string) => void)[] = [];
  const world = new FakeWorld({ token: () => new Promise((resolve) => answers.push(resolve)) });
  await settle();
  world.clock.advance(30_000);
  expect(world.noticesOf('token_failed')).toHaveLength(1);
  world.clock.advance(250);
  await settle();
  answers[0]?.('late');
  await settle();
  expect(world.sockets).toHaveLength(0);
  answers[1]?.('in time');
  await settle();
  expect(world.socket.token).toBe('in time');
});

test('a function is asked once more when the hub refuses its token, and then the client ends', async () => {
  const world = new FakeWorld({ token: numberedTokens() });
  const events = world.client.subscribe('web/a')[Symbol.asyncIterator]();
  await settle();
  world.socket.end(4401, { reason: 'the token has expired' });
  await settle();
  world.socket.end(4401, { reason: 'the token has expired' });
  await expect(events.next()).rejects.toMatchObject({ name: 'ClientError', code: 'token', closeCode: 4401 });
  expect(world.sockets.map(({ token }) => token)).toEqual(['token 1', 'token 2']);
});

test('a function refreshes a token that is about to end, on the same connection', async () => {
  const world = new FakeWorld({ token: numberedTokens() });
  await settle();
  const socket = world.ready();
  socket.say({ type: 'auth_expiring', expiresAt: 1e12 });
  await settle();
  expect(socket.sentOf('auth')).toEqual([{ type: 'auth', token: 'token 2' }]);
  world.ready();
  expect(world.sockets).toHaveLength(1);
  expect(world.noticesOf('connected')).toHaveLength(1);
});

test('a function that cannot refresh leaves the connection until the token ends', async () => {
  const world = new FakeWorld({ token: failingAt(2) });
  await settle();
  world.ready().say({ type: 'auth_expiring', expiresAt: 1e12 });
  await settle();
  expect(world.noticesOf('token_failed')).toHaveLength(1);
  expect(world.socket.ended).toBeUndefined();
});

test('a fixed token that is about to end is a notice that names the next step', () => {
  const world = new FakeWorld();
  world.ready().say({ type: 'auth_expiring', expiresAt: 1_772_370_000_000 });
  expect(world.noticesOf('auth_expiring')).toMatchObject([
    { message: expect.stringMatching(/2026-03-01T13:00:00.000Z.*token function/) },
  ]);
  expect(world.socket.sentOf('auth')).toEqual([]);
});

test('a fixed token that is refused ends the client with the next step', async () => {
  const world = new FakeWorld();
  const events = world.client.subscribe('web/a')[Symbol.asyncIterator]();
  world.socket.end(4401, { reason: 'the token has expired' });
  await expect(events.next()).rejects.toThrow(/the token has expired.*Next: get a fresh token/);
  expect(world.sockets).toHaveLength(1);
});

function numberedTokens(): () => string {
  let asked = 0;
  return () => {
    asked += 1;
    return `token ${asked}`;
  };
}

function failingAt(time: number): () => Promise<string> {
  const next = numberedTokens();
  return async () => {
    const token = next();
    if (token === `token ${time}`) throw new Error('the login is down');
    return token;
  };
}
