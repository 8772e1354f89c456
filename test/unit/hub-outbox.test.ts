import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type MessageSource, Outbox } from '../../hub/outbox.js';
import { HUB_MESSAGE_BYTES_MAX } from '../../shared/protocol/limits.js';
import { FakeSocket } from '../support/hub-socket.js';

const BYTES_MAX = 100;

function outbox(socket: FakeSocket, broke: (error: unknown) => void = () => {}) {
  return new Outbox(socket, BYTES_MAX, { sent: () => {}, broke });
}

/** Yields its name, numbered, so many times. */
class Source implements MessageSource {
  readonly #name: string;
  #left: number;

  constructor(name: string, left: number) {
    this.#name = name;
    this.#left = left;
  }

  step(): Buffer | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    return Buffer.from(`${this.#name}${this.#left}`.padEnd(10));
  }
}

const texts = (socket: FakeSocket) => socket.written.map((message) => message.toString().trim());

test('takes turns between its sources', () => {
  const socket = new FakeSocket();
  socket.isStuck = true;
  socket.writableBytes = BYTES_MAX;
  const box = outbox(socket);
  box.wake(new Source('a', 3));
  box.wake(new Source('b', 2));
  socket.drain();
  box.drained();
  expect(texts(socket)).toEqual(['a2', 'b1', 'a1', 'b0', 'a0']);
});

test('pulls no more than its bound, and goes on when the socket has drained', () => {
  const socket = new FakeSocket();
  socket.isStuck = true;
  const box = outbox(socket);
  box.wake(new Source('a', 25));
  expect(socket.written.length).toBe(10);
  box.wake(new Source('b', 1));
  expect(socket.written.length).toBe(10);
  socket.drain();
  box.drained();
  expect(socket.written.length).toBe(20);
});

test('lets others have a turn after a number of messages, and then goes on', async () => {
  const socket = new FakeSocket();
  outbox(socket).wake(new Source('a', 100));
  const first = socket.written.length;
  expect(first).toBeLessThan(100);
  while (socket.written.length < 100) await turn();
  expect(texts(socket).at(-1)).toBe('a0');
});

test('stops reading from a client that makes it answer and does not read, until it does', () => {
  const socket = new FakeSocket();
  socket.isStuck = true;
  const box = outbox(socket);
  const answer = Buffer.alloc(1024 * 1024);
  for (let bytes = 0; bytes < BYTES_MAX + HUB_MESSAGE_BYTES_MAX; bytes += answer.length) box.send(answer);
  expect(socket.events).toEqual(['pause']);
  socket.drain();
  box.drained();
  expect(socket.events).toEqual(['pause', 'resume']);
});

test('ends, and says so, when a source throws', () => {
  const socket = new FakeSocket();
  const errors: unknown[] = [];
  const box = outbox(socket, (error) => errors.push(error));
  const bug = new Error('a bug');
  box.wake({
    step: () => {
      throw bug;
    },
  });
  box.wake(new Source('a', 1));
  expect([errors, socket.written]).toEqual([[bug], []]);
});

test('pulls nothing from a source that was forgotten, nor after its end', () => {
  const socket = new FakeSocket();
  socket.writableBytes = BYTES_MAX;
  const box = outbox(socket);
  const source = new Source('a', 1);
  box.wake(source);
  box.forget(source);
  box.wake(new Source('b', 1));
  socket.drain();
  box.drained();
  box.close();
  box.wake(new Source('c', 1));
  expect(texts(socket)).toEqual(['b0']);
});
