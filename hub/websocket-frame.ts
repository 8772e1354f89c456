/**
 * WebSocket messages as bytes, from a server to a client. Pure. A message is built once, in one allocation,
 * and then written to any number of sockets as it is; ws has `Sender.frame` for this, but hands the parts back
 * one by one, and each delivery would pay for two writes.
 */
import { CLOSING_BRACE_BLOCK } from '../shared/store/payload.js';

/** RFC 6455, section 5.2: the last fragment (FIN) of a text message. */
const FINAL_TEXT = 0x81;
/** RFC 7692, section 6: the message is compressed. */
const RSV1 = 0x40;

/** RFC 1951, section 3.2.4: a stored block has 16 bits for its length. */
const STORED_BLOCK_BYTES_MAX = 65_535;
const STORED_HEADER_BYTES = 5;

/**
 * An empty stored block begins with this byte and goes on with 00 00 FF FF, which RFC 7692, section 7.2.1, has
 * the sender leave away and the receiver put back.
 */
const EMPTY_BLOCK_START = Buffer.from([0x00]);

/** What follows the deflated data in a spliced message. */
export const SPLICED_TAIL_BYTES = CLOSING_BRACE_BLOCK.length + EMPTY_BLOCK_START.length;

export function textMessage(text: string): Buffer {
  return frame(FINAL_TEXT, [Buffer.from(text)]);
}

/** A text message from parts that are UTF-8 already. */
export function plainMessage(parts: readonly Buffer[]): Buffer {
  return frame(FINAL_TEXT, parts);
}

/**
 * The message `head` + what `deflated` inflates to + `}`, as permessage-deflate, without compressing anything:
 * the head goes into stored blocks, the deflated data (open at its end, on a byte boundary) stays as it is. It
 * refers to no earlier message, so it fits every connection that negotiated a window of 15 bits.
 */
export function splicedMessage(head: Buffer, deflated: Buffer): Buffer {
  return frame(FINAL_TEXT | RSV1, [...storedBlocks(head), deflated, CLOSING_BRACE_BLOCK, EMPTY_BLOCK_START]);
}

function storedBlocks(data: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < data.length; start += STORED_BLOCK_BYTES_MAX) {
    const block = data.subarray(start, start + STORED_BLOCK_BYTES_MAX);
    const header = Buffer.alloc(STORED_HEADER_BYTES);
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(header, block);
  }
  return parts;
}

function frame(firstByte: number, parts: readonly Buffer[]): Buffer {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const headerBytes = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
  const message = Buffer.allocUnsafeSlow(headerBytes + payloadBytes);
  message[0] = firstByte;
  writeLength(message, payloadBytes);
  let offset = headerBytes;
  for (const part of parts) offset += part.copy(message, offset);
  return message;
}

function writeLength(message: Buffer, payloadBytes: number): void {
  if (payloadBytes < 126) {
    message[1] = payloadBytes;
  } else if (payloadBytes < 65_536) {
    message[1] = 126;
    message.writeUInt16BE(payloadBytes, 2);
  } else {
    message[1] = 127;
    message.writeBigUInt64BE(BigInt(payloadBytes), 2);
  }
}
