/** What `tailrace tail` says on stderr: one sentence for each gap and each notice. Pure. */
import type { ClientNotice, GapEvent, UnsubscribedEvent } from '../events.js';

export function gapSentence({ channel, reason, from, to, lines }: GapEvent): string {
  const range = from === to ? `line ${from}` : `lines ${from} to ${to} (${lines} lines)`;
  const sentences: Readonly<Record<GapEvent['reason'], string>> = {
    trimmed: `${range}: removed by retention before they were read`,
    rewound: `${range}: the store went back, they may come twice`,
    recreated: 'the history was replaced, line numbers start over',
    skipped: `${range}: skipped, this reader is too slow`,
    unreadable: `${range}: stored damaged`,
  };
  return `${channel}: ${sentences[reason]}`;
}

export function leftSentence({ channel }: UnsubscribedEvent): string {
  return `${channel}: left out from here on, the token does not allow it any more`;
}

/**
 * Decides what of the notices is worth a sentence: a hub that is away is reported once, not at every attempt,
 * and so is its return. `saysReady`: whether the first connection is, too.
 */
export class NoticeDigest {
  #isNews: boolean;
  #isAway = false;

  constructor({ saysReady }: { readonly saysReady: boolean }) {
    this.#isNews = saysReady;
  }

  sentence(notice: ClientNotice): string | undefined {
    switch (notice.type) {
      case 'connected':
        return this.#connected(notice.message);
      case 'disconnected':
      case 'token_failed':
        return this.#setback(notice.message);
      default:
        return notice.message;
    }
  }

  #connected(message: string): string | undefined {
    const isNews = this.#isAway || this.#isNews;
    this.#isNews = false;
    this.#isAway = false;
    return isNews ? message : undefined;
  }

  #setback(message: string): string | undefined {
    const isNews = !this.#isAway;
    this.#isAway = true;
    return isNews ? message : undefined;
  }
}
