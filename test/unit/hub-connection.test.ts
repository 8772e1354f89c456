import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../hub/authenticator.js';
import { defaultHubSettings } from '../../hub/config.js';
import { Connection, type ConnectionContext } from '../../hub/connection.js';
import { Directories } from '../../hub/directory.js';
import { Feeds } from '../../hub/feeds.js';
import { FrameBudget } from '../../hub/frame-chain.js';
import { Metrics } from '../../hub/metrics.js';
import { StoreHealth } from '../../hub/store-health.js';
import { createToken } from '../../hub/token.js';
import { secretKey } from '../../hub/token-key.js';
import { SILENT } from '../../shared/logger.js';
import type { LogReader } from '../../shared/store/log-store.js';
import { FakeSocket } from '../support/hub-socket.js';

const KEY = secretKey(Buffer.alloc(32, 'k'), 'test');
const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

/** These tests reach no store: any look at it fails them. */
const NO_STORE = new Proxy({} as LogReader, {
  get: (_target, name) => () => {
    throw new Error(`the store was asked: ${String(name)}`);
  },
});

class Rig {
  nowMs = START_MS;
  readonly socket = new FakeSocket();
  readonly metrics = new Metrics();
  readonly connection: Connection;

  constructor(more: Partial<ConnectionContext> = {}) {
    const { limits, timeouts } = defaultHubSettings({ host: '127.0.0.1', port: 0 }, [KEY]);
    const health = new StoreHealth(SILENT, this.metrics, () => {});
    const store = { reader: NO_STORE, health, logger: SILENT };
    this.connection = new Connection(1, this.socket, {
      ...store,
      feeds: new Feeds({ ...store, budget: new FrameBudget(1), ...limits }, 1),
      directories: new Directories(NO_STORE, health),
      metrics: this.metrics,
      authenticator: new Authenticator([KEY], this.metrics),
      subscriptionsMax: limits.subscriptionsMax,
      channelsMax: limits.channelsMax,
      limits,
      timeouts,
      now: () => this.nowMs,
      admitMessage: () => Promise.resolve(),
      admitTenant: () => true,
      closed: () => {},
      ...more,
    });
  }

  token({ tenant = 'acme', ttlMs = 60 * MINUTE_MS, subscribe = [] as string[] } = {}): string {
    return createToken({ tenant, subscribe, ttlMs }, KEY, this.nowMs);
  }

  ready(): this {
    this.connection.authenticate(this.token());
    return this;
  }

  async receive(message: object | string): Promise<void> {
    this.connection.onMessage(typeof message === 'string' ? message : JSON.stringify(message));
    await Promise.resolve();
    await Promise.resolve();
  }

  /** Time passes, and the clock strikes. */
  after(ms: number): string[] {
    this.nowMs += ms;
    this.connection.tick(this.nowMs);
    return this.socket.events;
  }
}

describe('a connection that awaits a token', () => {
  test('is closed with 4408 when none comes in time', () => {
    const rig = new Rig();
    expect(rig.after(4_999)).toEqual([]);
    expect(rig.after(1)).toEqual(['close 4408 no token came within 5 s']);
  });

  test('is ready once a first message brings one', async () => {
    const rig = new Rig();
    await rig.receive({ type: 'auth', token: rig.token() });
    const expiresAt = START_MS + 60 * MINUTE_MS;
    expect(rig.socket.messages()).toMatchObject([{ type: 'ready', tenant: 'acme', expiresAt }]);
    expect(rig.after(6_000)).toEqual([]);
  });

  test('is closed with 4401 by any other message, and for a token that is none', async () => {
    const early = new Rig();
    await early.receive({ type: 'ping' });
    expect(early.socket.events).toEqual(['close 4401 the first message must be auth']);
    const wrong = new Rig();
    await wrong.receive({ type: 'auth', token: 'x' });
    expect(wrong.socket.events).toEqual(['close 4401 the token is not a JSON Web Token']);
  });

  test('is closed with 4429 when its tenant has too many', () => {
    const rig = new Rig({ admitTenant: () => false }).ready();
    expect(rig.socket.events).toEqual(['close 4429 the tenant has too many connections to this hub']);
    expect(rig.socket.written).toEqual([]);
  });
});

describe('a connection that is ready', () => {
  test('is told a minute before its token expires, once, and closed with 4401 when it does', () => {
    const rig = new Rig().ready();
    const pong = () => rig.connection.onSignOfLife();
    for (let minute = 0; minute < 58; minute += 1) {
      rig.after(MINUTE_MS);
      pong();
    }
    expect(rig.socket.messages().length).toBe(1);
    rig.after(MINUTE_MS);
    pong();
    rig.after(1_000);
    const expiresAt = START_MS + 60 * MINUTE_MS;
    expect(rig.socket.messages().slice(1)).toEqual([{ type: 'auth_expiring', expiresAt }]);
    expect(rig.after(59_000).at(-1)).toBe('close 4401 the token has expired; get a new one');
  });

  test('lives on with a new token of the same tenant, and is told of that one expiring', async () => {
    const rig = new Rig().ready();
    rig.nowMs += 59.5 * MINUTE_MS;
    await rig.receive({ type: 'auth', token: rig.token() });
    rig.after(MINUTE_MS);
    expect(rig.socket.events.filter((event) => event.startsWith('close'))).toEqual([]);
    expect(rig.socket.messages().filter(({ type }) => type === 'ready').length).toBe(2);
  });

  test('is closed with 4403 by a token of another tenant, and with 4401 by one that is wrong', async () => {
    const foreign = new Rig().ready();
    await foreign.receive({ type: 'auth', token: foreign.token({ tenant: 'other' }) });
    expect(foreign.socket.events[0]).toMatch(/^close 4403 the new token is of another tenant/);
    const wrong = new Rig().ready();
    await wrong.receive({ type: 'auth', token: 'x' });
    expect(wrong.socket.events[0]).toMatch(/^close 4401/);
  });

  test('answers a ping', async () => {
    const rig = new Rig().ready();
    await rig.receive({ type: 'ping' });
    expect(rig.socket.messages().at(-1)).toEqual({ type: 'pong' });
  });

  test('refuses a channel that is not granted without asking the store', async () => {
    const rig = new Rig().ready();
    await rig.receive({ type: 'subscribe', channel: 'secret' });
    await rig.receive({ type: 'subscribe', channel: 'secret/*' });
    expect(rig.socket.messages().slice(1)).toMatchObject([
      { type: 'error', code: 'forbidden', channel: 'secret', retryable: false },
      { type: 'error', code: 'forbidden', channel: 'secret/*', retryable: false },
    ]);
  });

  test('is closed with 4429 when it sends too fast', async () => {
    const rig = new Rig({ admitMessage: () => Promise.reject(new Error('rate')) }).ready();
    await rig.receive({ type: 'ping' });
    expect(rig.socket.events).toEqual(['close 4429 more than 2000 messages in a second']);
  });
});

describe('a message that is not of the protocol', () => {
  test.each([
    ['{', 'the message is not JSON'],
    ['7', /^the message: /],
    ['{"type":"unknown"}', /^type: /],
    ['{"type":"ping","extra":1}', /extra/],
    ['{"type":"subscribe","channel":"a//b"}', 'channel: is neither a channel name nor a pattern'],
    ['{"type":"subscribe","channel":"a","from":"later"}', /^from: is none of/],
    ['{"type":"subscribe","channel":"a","window":0}', /^window: /],
    [JSON.stringify({ type: 'ping', [`ü${'x'.repeat(300)}`]: 1 }), /…$/],
  ])('is answered with 4400 and what is wrong with it: %s', async (text, problem) => {
    const rig = new Rig().ready();
    await rig.receive(text);
    const [, code, reason] = /^close (\d+) (.*)$/.exec(rig.socket.events[0] ?? '') ?? [];
    expect(code).toBe('4400');
    expect(reason).toMatch(problem);
    expect(Buffer.byteLength(reason ?? '')).toBeLessThanOrEqual(123);
  });

  test('is not even parsed when it is long and comes before any token', async () => {
    const long = JSON.stringify({ type: 'auth', token: 'x', padding: '['.repeat(20_000) });
    const rig = new Rig();
    await rig.receive(long);
    expect(rig.socket.events).toEqual(['close 4400 the first message must be auth, which is shorter']);
  });

  test('is answered with 4400 when it is binary', () => {
    const rig = new Rig().ready();
    rig.connection.onBinaryMessage();
    expect(rig.socket.events[0]).toMatch(/^close 4400 messages are JSON/);
  });
});

describe('a peer that is silent', () => {
  const silence = (rig: Rig) => Array.from({ length: 4 }, () => rig.after(30_000)).at(-1);

  test('is asked every 30 s and lives as long as it answers', () => {
    const rig = new Rig().ready();
    for (let count = 0; count < 20; count += 1) {
      rig.after(30_000);
      rig.connection.onSignOfLife();
    }
    expect(rig.socket.events).toEqual(Array.from({ length: 20 }, () => 'ping'));
  });

  test('is closed with 4503 after 120 s where it left something unread', () => {
    const rig = new Rig().ready();
    rig.socket.writableBytes = 1;
    expect(silence(rig)?.at(-1)).toBe('close 4503 nothing was read for 120 s; resume by cursor');
  });

  test('is cut off after 120 s where nothing is on its way', () => {
    expect(silence(new Rig().ready())?.at(-1)).toBe('terminate');
  });

  test('is not given up before', () => {
    const rig = new Rig().ready();
    rig.socket.writableBytes = 1;
    expect(rig.after(119_999)).toEqual(['ping']);
  });
});

test('nothing happens after the end', async () => {
  const rig = new Rig().ready();
  await rig.receive('{');
  await rig.receive({ type: 'ping' });
  rig.connection.authenticate('x');
  rig.after(200 * MINUTE_MS);
  expect(rig.socket.events.length).toBe(1);
  expect(rig.socket.messages().length).toBe(1);
});
