/** Where a client gets its token: a fixed text, or a function that is asked whenever a fresh one is needed. */
import type { Clock } from './clock.js';
import { TOKEN_TIMEOUT_MS } from './options.js';

export type TokenSource = () => string | Promise<string>;

export interface TokenAnswer {
  onToken(token: string): void;
  onFailed(cause: unknown): void;
}

/** Gives exactly one answer, and none after the returned function was called. A fixed token answers at once. */
export function askForToken(token: string | TokenSource, clock: Clock, answer: TokenAnswer): () => void {
  if (typeof token === 'string') {
    answer.onToken(token);
    return () => {};
  }
  let isOpen = true;
  const once = (run: () => void) => {
    if (!isOpen) return;
    isOpen = false;
    cancelTimer();
    run();
  };
  const cancelTimer = clock.after(TOKEN_TIMEOUT_MS, () =>
    once(() => answer.onFailed(new Error(`no token within ${TOKEN_TIMEOUT_MS / 1000} s`))),
  );
  const asked = Promise.resolve().then(token).then(checkToken);
  asked.then(
    (fresh) => once(() => answer.onToken(fresh)),
    (cause: unknown) => once(() => answer.onFailed(cause)),
  );
  return () => once(() => {});
}

function checkToken(token: unknown): string {
  if (typeof token === 'string' && token !== '') return token;
  throw new TypeError('it returned no token');
}
