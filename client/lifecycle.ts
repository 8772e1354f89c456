/**
 * The states of a connection to a hub. Pure: what happened goes in, the next state and what to do come out;
 * time and randomness are passed in. It knows nothing of sockets, messages or subscriptions.
 *
 *     idle ── start ──> token ──> opening ──> ready
 *                         ^                     │ lost
 *                         └──── waiting <───────┘
 *
 * `ended` is final. An event that does not belong to a state comes from something given up earlier: ignored.
 */
import { type Backoff, backoffDelay } from '../shared/backoff.js';
import { CLOSE_CODES, isRetryableClose } from '../shared/protocol/index.js';
import { ClientError, closedForGood } from './errors.js';
import { STABLE_MS } from './options.js';
import type { SocketEnd } from './socket.js';

export type Lifecycle =
  | { readonly phase: 'idle' }
  /** Asking for a token. */
  | ({ readonly phase: 'token' } & Attempt)
  /** From the first packet to `ready`. */
  | ({ readonly phase: 'opening' } & Attempt)
  | { readonly phase: 'ready'; readonly failures: number; readonly sinceMs: number }
  /** Until the backoff is over. */
  | { readonly phase: 'waiting'; readonly failures: number }
  | { readonly phase: 'ended' };

interface Attempt {
  /** Attempts in a row that failed before this one. */
  readonly failures: number;
  /** Whether this attempt is the one answer to a refused token. */
  readonly answersRefusal: boolean;
}

export type LifecycleEvent =
  | { readonly type: 'start' }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'token_failed'; readonly cause: unknown }
  | { readonly type: 'ready'; readonly nowMs: number }
  | { readonly type: 'lost'; readonly end: SocketEnd; readonly nowMs: number }
  | { readonly type: 'waited' }
  /** The program closes the client, or something failed for good. */
  | { readonly type: 'end' };

export type LifecycleAction =
  | { readonly do: 'ask_token' }
  | { readonly do: 'open'; readonly token: string }
  | { readonly do: 'wait'; readonly ms: number; readonly because: Setback }
  | { readonly do: 'fail'; readonly error: ClientError };

/** Why the client has to try again. */
export type Setback =
  | { readonly kind: 'lost'; readonly end: SocketEnd }
  | { readonly kind: 'token_failed'; readonly cause: unknown };

export interface LifecycleRules {
  readonly backoff: Backoff;
  readonly attemptsMax: number;
  /** Whether another token can be had. */
  readonly tokenRenewable: boolean;
  readonly random: () => number;
}

export interface Transition {
  readonly state: Lifecycle;
  readonly actions: readonly LifecycleAction[];
}

export function advance(state: Lifecycle, event: LifecycleEvent, rules: LifecycleRules): Transition {
  if (state.phase === 'ended') return stay(state);
  switch (event.type) {
    case 'end':
      return { state: { phase: 'ended' }, actions: [] };
    case 'start':
      return state.phase === 'idle' ? attempt(0, false) : stay(state);
    case 'waited':
      return state.phase === 'waiting' ? attempt(state.failures, false) : stay(state);
    case 'token':
      if (state.phase !== 'token') return stay(state);
      return { state: { ...state, phase: 'opening' }, actions: [{ do: 'open', token: event.token }] };
    case 'token_failed':
      if (state.phase !== 'token') return stay(state);
      return retry(state.failures, { kind: 'token_failed', cause: event.cause }, rules);
    case 'ready':
      if (state.phase !== 'opening') return stay(state);
      return { state: { phase: 'ready', failures: state.failures, sinceMs: event.nowMs }, actions: [] };
    case 'lost':
      return lost(state, event.end, event.nowMs, rules);
  }
}

function lost(state: Lifecycle, end: SocketEnd, nowMs: number, rules: LifecycleRules): Transition {
  if (state.phase !== 'opening' && state.phase !== 'ready') return stay(state);
  const stable = state.phase === 'ready' && nowMs - state.sinceMs >= STABLE_MS;
  const failures = stable ? 0 : state.failures;
  if (end.code === CLOSE_CODES.token.code && rules.tokenRenewable) {
    if (state.phase === 'ready') {
      // Accepted and refused at once, again and again, must not become a loop without a wait.
      return stable ? attempt(0, true) : retry(failures, { kind: 'lost', end }, rules);
    }
    if (!state.answersRefusal) return attempt(failures, true);
  }
  if (end.cause instanceof ClientError) return fail(end.cause);
  if (!isRetryableClose(end.code)) return fail(closedForGood(end.code, end.reason, end.cause));
  return retry(failures, { kind: 'lost', end }, rules);
}

function attempt(failures: number, answersRefusal: boolean): Transition {
  return { state: { phase: 'token', failures, answersRefusal }, actions: [{ do: 'ask_token' }] };
}

function retry(failures: number, because: Setback, rules: LifecycleRules): Transition {
  if (failures + 1 >= rules.attemptsMax) return fail(unreachable(failures + 1, because));
  const ms = backoffDelay(failures, rules.backoff, rules.random);
  return { state: { phase: 'waiting', failures: failures + 1 }, actions: [{ do: 'wait', ms, because }] };
}

function unreachable(attempts: number, because: Setback): ClientError {
  const cause = because.kind === 'lost' ? because.end.cause : because.cause;
  const message = `${setbackText(because)}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts in a row'}: check the URL and that the hub runs.`;
  return new ClientError('unreachable', message, { cause });
}

/** What happened, as the beginning of a sentence. */
export function setbackText(setback: Setback): string {
  if (setback.kind === 'token_failed') return `The token function failed: ${causeText(setback.cause)}`;
  const { code, reason, cause } = setback.end;
  if (cause !== undefined) return `The hub cannot be reached: ${causeText(cause)}`;
  return `The connection to the hub ended (${reason === '' ? code : `${code}, ${reason}`})`;
}

/** Some errors of Node's sockets, where several addresses were tried, have a code and no message. */
function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}

function fail(error: ClientError): Transition {
  return { state: { phase: 'ended' }, actions: [{ do: 'fail', error }] };
}

function stay(state: Lifecycle): Transition {
  return { state, actions: [] };
}
