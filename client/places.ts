/**
 * The places of a subscription: one for a channel, many for a pattern. They follow what was received, not what
 * the reader has dealt with, since whatever is in the queue must not be asked for again. Pure state.
 */
import { type From, type HubMessageOf, hasWildcard } from '../shared/protocol/index.js';
import type { Fault } from './incoming.js';
import { admitGap, admitLines, type Place, placeOf } from './place.js';

const NO_STARTS: ReadonlyMap<string, string> = new Map();

export class Places {
  readonly #name: string;
  readonly #from: From;
  readonly #places = new Map<string, Place>();
  /**
   * Whether the next request goes by the places. Those of a pattern are announced one by one: where the
   * connection ended before anything was delivered, the subscription begins anew as it was asked for. Once a
   * line was delivered it goes on from the places, and a channel that was not announced yet begins at its first
   * line: more than was asked for in that moment, but nothing twice and nothing left out.
   */
  #complete: boolean;

  constructor(name: string, from: From) {
    this.#name = name;
    this.#from = from;
    const given = givenCursors(name, from);
    this.#complete = given !== undefined;
    for (const [channel, cursor] of given ?? []) this.#places.set(channel, placeOf(cursor));
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** The cursor of every channel, where the next connection will go on. */
  cursors(): Map<string, string> {
    return new Map([...this.#places].map(([channel, { cursor }]) => [channel, cursor]));
  }

  /** The announced starts, as long as nothing was delivered; afterwards the places are ahead of the reader. */
  starts(): ReadonlyMap<string, string> {
    return this.#complete ? NO_STARTS : this.cursors();
  }

  /** `from` of the next request to a hub. */
  start(): From {
    if (!this.#complete) {
      this.#places.clear();
      return this.#from;
    }
    const own = hasWildcard(this.#name) ? undefined : this.#places.get(this.#name);
    return own === undefined ? { cursors: Object.fromEntries(this.cursors()) } : { cursor: own.cursor };
  }

  /**
   * A channel that has a place keeps it: the hub repeats what it was asked for. Returns whether it had none, so
   * that the cursor is a start and not a place that has been received.
   */
  announce(channel: string, cursor: string): boolean {
    const isStart = !this.#places.has(channel);
    if (isStart) this.#places.set(channel, placeOf(cursor));
    if (channel === this.#name) this.#complete = true;
    return isStart;
  }

  /** Something was delivered, or the hub says that all channels have been announced. */
  begun(): void {
    this.#complete = true;
  }

  admit(message: HubMessageOf<'lines'> | HubMessageOf<'gap'>): Fault | undefined {
    const place = this.#places.get(message.channel);
    if (place === undefined) return { fault: `lines of ${message.channel}, which was not announced` };
    const next = message.type === 'lines' ? admitLines(place, message) : admitGap(place, message);
    if ('fault' in next) return next;
    this.#places.set(message.channel, next);
    return undefined;
  }

  remove(channel: string): void {
    this.#places.delete(channel);
  }
}

function givenCursors(name: string, from: From): readonly (readonly [string, string])[] | undefined {
  if (typeof from === 'string') return undefined;
  if ('cursor' in from) return [[name, from.cursor]];
  return 'cursors' in from ? Object.entries(from.cursors) : undefined;
}
