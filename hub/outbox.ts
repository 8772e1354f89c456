/**
 * What goes out on one connection. Pulls from its subscriptions, one message from each in turn, and only while
 * the socket holds less than its bound: a slow client costs that much and no more. Knows no protocol.
 */
import { HUB_MESSAGE_BYTES_MAX } from '../shared/protocol/limits.js';
import type { Socket } from './socket.js';

/** Messages between two turns of the event loop, so that one busy connection does not hold up the others. */
const MESSAGES_PER_TURN = 32;

export interface MessageSource {
  /** The next message; undefined where there is none now. */
  step(): Buffer | undefined;
}

export interface OutboxOwner {
  sent(bytes: number): void;
  /** A source threw, which is a bug: the connection cannot go on, the others can. */
  broke(error: unknown): void;
}

export class Outbox {
  readonly #socket: Socket;
  readonly #bytesMax: number;
  readonly #owner: OutboxOwner;
  readonly #ready = new Set<MessageSource>();
  #isPumping = false;
  #isPaused = false;
  #isClosed = false;

  constructor(socket: Socket, bytesMax: number, owner: OutboxOwner) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
    this.#owner = owner;
  }

  /** A source may have something to say. */
  wake(source: MessageSource): void {
    if (this.#isClosed) return;
    this.#ready.add(source);
    this.#pump();
  }

  forget(source: MessageSource): void {
    this.#ready.delete(source);
  }

  /**
   * Sends an answer at once, over the bound if need be. A client that makes the hub answer and does not read is
   * not read from any more until it does.
   */
  send(message: Buffer): void {
    if (this.#isClosed) return;
    this.#write(message);
    if (this.#isPaused || this.#socket.writableBytes < this.#bytesMax + HUB_MESSAGE_BYTES_MAX) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  drained(): void {
    if (this.#isPaused) this.#socket.resume();
    this.#isPaused = false;
    this.#pump();
  }

  close(): void {
    this.#isClosed = true;
    this.#ready.clear();
  }

  #pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    try {
      this.#isPumping = this.#pull();
    } catch (error) {
      this.close();
      this.#owner.broke(error);
    }
    if (this.#isPumping) setImmediate(() => this.#goOn());
  }

  /** Returns whether it stopped to let others have a turn. */
  #pull(): boolean {
    for (let left = MESSAGES_PER_TURN; left > 0; ) {
      if (this.#socket.writableBytes >= this.#bytesMax) return false;
      const [source] = this.#ready;
      if (source === undefined) return false;
      this.#ready.delete(source);
      const message = source.step();
      if (message === undefined) continue;
      this.#ready.add(source);
      this.#write(message);
      left -= 1;
    }
    return true;
  }

  #goOn(): void {
    this.#isPumping = false;
    this.#pump();
  }

  #write(message: Buffer): void {
    this.#owner.sent(message.length);
    this.#socket.write(message);
  }
}
