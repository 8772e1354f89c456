/** The states of a connection: every state against every event, and the rules of coming back. */
import { describe, expect, test } from 'vitest';
import { ClientError } from '../../client/errors.js';
import { advance, type Lifecycle, type LifecycleEvent, type LifecycleRules } from '../../client/lifecycle.js';
import { CLOSE_CODES } from '../../shared/protocol/index.js';

const RULES: LifecycleRules = {
  backoff: { baseMs: 100, capMs: 1_000 },
  attemptsMax: Number.POSITIVE_INFINITY,
  tokenRenewable: false,
  random: () => 0.5,
};

const STATES: readonly Lifecycle[] = [
  { phase: 'idle' },
  { phase: 'token', failures: 0, answersRefusal: false },
  { phase: 'opening', failures: 0, answersRefusal: false },
  { phase: 'ready', failures: 0, sinceMs: 0 },
  { phase: 'waiting', failures: 1 },
  { phase: 'ended' },
];

const EVENTS = {
  start: { type: 'start' },
  token: { type: 'token', token: 't' },
  token_failed: { type: 'token_failed', cause: 'c' },
  ready: { type: 'ready', nowMs: 5 },
  lost: { type: 'lost', end: { code: 1006, reason: '' }, nowMs: 5 },
  waited: { type: 'waited' },
  end: { type: 'end' },
} as const satisfies Record<string, LifecycleEvent>;

/** The next state, and what is to be done. A dot: the event is of something given up earlier, nothing happens. */
const TABLE: Record<Lifecycle['phase'], Record<keyof typeof EVENTS, string>> = {
  idle: {
    start: 'token ask_token',
    token: '.',
    token_failed: '.',
    ready: '.',
    lost: '.',
    waited: '.',
    end: 'ended',
  },
  token: {
    start: '.',
    token: 'opening open',
    token_failed: 'waiting wait',
    ready: '.',
    lost: '.',
    waited: '.',
    end: 'ended',
  },
  opening: {
    start: '.',
    token: '.',
    token_failed: '.',
    ready: 'ready',
    lost: 'waiting wait',
    waited: '.',
    end: 'ended',
  },
  ready: {
    start: '.',
    token: '.',
    token_failed: '.',
    ready: '.',
    lost: 'waiting wait',
    waited: '.',
    end: 'ended',
  },
  waiting: {
    start: '.',
    token: '.',
    token_failed: '.',
    ready: '.',
    lost: '.',
    waited: 'token ask_token',
    end: 'ended',
  },
  ended: { start: '.', token: '.', token_failed: '.', ready: '.', lost: '.', waited: '.', end: '.' },
};

describe.each(STATES.map((state) => [state.phase, state] as const))('in state %s', (phase, state) => {
  test.each(Object.keys(EVENTS) as (keyof typeof EVENTS)[])('%s leads where the table says', (name) => {
    const { state: next, actions } = advance(state, EVENTS[name], RULES);
    const outcome = [next.phase, ...actions.map((action) => action.do)].join(' ');
    const stayed = next === state && actions.length === 0;
    expect(stayed ? '.' : outcome).toBe(TABLE[phase][name]);
  });
});

describe('coming back', () => {
  test('waits a random part of a time that doubles up to the cap', () => {
    const waits: number[] = [];
    let state: Lifecycle = { phase: 'opening', failures: 0, answersRefusal: false };
    for (let round = 0; round < 6; round += 1) {
      const { state: next, actions } = advance(state, EVENTS.lost, RULES);
      if (actions[0]?.do === 'wait') waits.push(actions[0].ms);
      state = { phase: 'opening', failures: 'failures' in next ? next.failures : 0, answersRefusal: false };
    }
    expect(waits).toEqual([50, 100, 200, 400, 500, 500]);
  });

  test('begins with short waits again after a connection that lasted, and not after one that did not', () => {
    const ready: Lifecycle = { phase: 'ready', failures: 4, sinceMs: 0 };
    const lostAt = (nowMs: number) => advance(ready, { ...EVENTS.lost, nowMs }, RULES).state;
    expect(lostAt(5_000)).toEqual({ phase: 'waiting', failures: 1 });
    expect(lostAt(4_999)).toEqual({ phase: 'waiting', failures: 5 });
  });

  test.each(Object.values(CLOSE_CODES))(
    'after a close with $code happens only if the table says so',
    ({ code, retry }) => {
      const { state, actions } = advance(STATES[3] as Lifecycle, lost(code), RULES);
      expect(state.phase).toBe(retry ? 'waiting' : 'ended');
      if (actions[0]?.do === 'fail')
        expect(actions[0].error).toMatchObject({ closeCode: code, retryable: false });
    },
  );

  test('ends after as many failures in a row as are allowed, naming the cause', () => {
    const rules = { ...RULES, attemptsMax: 3 };
    const state: Lifecycle = { phase: 'opening', failures: 2, answersRefusal: false };
    const { actions } = advance(state, lost(1006, new Error('connect ECONNREFUSED')), rules);
    expect(actions).toMatchObject([{ do: 'fail', error: { code: 'unreachable' } }]);
    expect(
      JSON.stringify(actions.map((action) => ('error' in action ? action.error.message : ''))),
    ).toContain('connect ECONNREFUSED');
  });

  test('does not happen when the platform says that no attempt can help', () => {
    const cause = new ClientError('not_a_hub', 'no hub');
    expect(advance(STATES[2] as Lifecycle, lost(1006, cause), RULES).actions).toEqual([
      { do: 'fail', error: cause },
    ]);
  });
});

describe('a refused token', () => {
  const renewable = { ...RULES, tokenRenewable: true };
  const opening = (answersRefusal: boolean): Lifecycle => ({ phase: 'opening', failures: 0, answersRefusal });

  test('ends the client when it is fixed', () => {
    const { actions } = advance(opening(false), lost(4401), RULES);
    expect(actions).toMatchObject([{ do: 'fail', error: { code: 'token', closeCode: 4401 } }]);
  });

  test('is answered at once by one attempt with a fresh one', () => {
    const { state, actions } = advance(opening(false), lost(4401), renewable);
    expect(state).toEqual({ phase: 'token', failures: 0, answersRefusal: true });
    expect(actions).toEqual([{ do: 'ask_token' }]);
  });

  test('that was fresh ends the client', () => {
    expect(advance(opening(true), lost(4401), renewable).state.phase).toBe('ended');
  });

  test('that ran out on a connection that lasted is renewed at once', () => {
    const { actions } = advance(
      { phase: 'ready', failures: 0, sinceMs: 0 },
      lost(4401, undefined, 9_000),
      renewable,
    );
    expect(actions).toEqual([{ do: 'ask_token' }]);
  });

  test('right after it was accepted is renewed after a wait, so that this is no busy loop', () => {
    const { actions } = advance(
      { phase: 'ready', failures: 0, sinceMs: 0 },
      lost(4401, undefined, 10),
      renewable,
    );
    expect(actions).toMatchObject([{ do: 'wait' }]);
  });
});

function lost(code: number, cause?: unknown, nowMs = 0): LifecycleEvent {
  return { type: 'lost', end: { code, reason: '', ...(cause === undefined ? {} : { cause }) }, nowMs };
}
