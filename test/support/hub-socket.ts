/** A socket of a test's own, for units of the hub: it notes what is written and holds what the test says. */

import type { Socket } from '../../hub/socket.js';
import type { CloseCode } from '../../shared/protocol/close-codes.js';
import { type HubMessage, hubMessage } from '../../shared/protocol/messages.js';

export class FakeSocket implements Socket {
  readonly canInflate = false;
  readonly written: Buffer[] = [];
  readonly events: string[] = [];
  writableBytes = 0;
  /** Whether what is written stays in the socket, as it does for a client that does not read. */
  isStuck = false;

  write(message: Buffer): void {
    this.written.push(message);
    if (this.isStuck) this.writableBytes += message.length;
  }

  ping(): void {
    this.events.push('ping');
  }

  close({ code }: CloseCode, reason: string): void {
    this.events.push(`close ${code} ${reason}`);
  }

  terminate(): void {
    this.events.push('terminate');
  }

  pause(): void {
    this.events.push('pause');
  }

  resume(): void {
    this.events.push('resume');
  }

  /** Everything reached the client. */
  drain(): void {
    this.writableBytes = 0;
  }

  /** Messages that are short enough for the smallest header but one. */
  messages(): HubMessage[] {
    return this.written.map((message) => {
      const start = message.readUInt8(1) < 126 ? 2 : 4;
      return hubMessage.parse(JSON.parse(message.subarray(start).toString('utf8')));
    });
  }
}
