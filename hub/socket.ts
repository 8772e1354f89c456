/** What the engine of the hub knows of a WebSocket, and the other way round. */
import type { CloseCode } from '../shared/protocol/close-codes.js';

export interface Socket {
  /** Whether messages with permessage-deflate and a window of 15 bits may be sent. */
  readonly canInflate: boolean;
  /** Bytes that were written and have not reached the kernel. */
  readonly writableBytes: number;
  /** Writes one whole message as it goes over the wire. Nothing happens after `close`. */
  write(message: Buffer): void;
  ping(): void;
  /** Says goodbye behind what was written; a peer that does not answer in time is cut off. */
  close(code: CloseCode, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Stops and goes on reading what the client sends. */
  pause(): void;
  resume(): void;
}

export interface SocketListener {
  onMessage(text: string): void;
  onBinaryMessage(): void;
  /** The client sent a ping, or answered one. */
  onSignOfLife(): void;
  /** All that was written has reached the kernel. */
  onDrain(): void;
  /** The last call. */
  onClose(): void;
}

/** What a client showed when it connected. */
export interface UpgradeRequest {
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly subprotocols: readonly string[];
}
