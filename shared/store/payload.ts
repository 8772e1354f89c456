/**
 * The bytes of a batch's lines: a JSON array of strings, from about 1 KiB on as raw deflate that ends with a
 * sync flush and has no final block, so that a hub can put it into a WebSocket message as it is. The agent
 * writes payloads, the hub checks each one once; the store never looks inside.
 */
import { isUtf8 } from 'node:buffer';
import { constants, deflateRaw, inflateRawSync } from 'node:zlib';
import { BATCH_JSON_BYTES_MAX } from '../protocol/limits.js';
import type { PayloadEncoding } from './log-store.js';

/** Below this, deflate saves less than it costs. */
export const DEFLATE_FROM_BYTES = 1024;

/** Output comes in pieces of `chunkSize`, each a trip to the thread pool: the default costs a fifth more. */
const DEFLATE_OPTIONS = { level: 1, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 } as const;

const INFLATE_OPTIONS = {
  finishFlush: constants.Z_SYNC_FLUSH,
  maxOutputLength: BATCH_JSON_BYTES_MAX + 1,
  info: true,
} as const;

/** Log lines deflate to about an eighth; a guess that is close saves copying the output piece by piece. */
const INFLATE_RATIO = 8;
const INFLATE_CHUNK_BYTES_MIN = 16 * 1024;
const INFLATE_CHUNK_BYTES_MAX = 512 * 1024;

/** What `info: true` makes zlib return; its types do not say so. */
interface InflateInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** A stored (uncompressed) deflate block that holds `}`: what a hub puts behind the agent's data. */
export const CLOSING_BRACE_BLOCK = Buffer.from([0x00, 0x01, 0x00, 0xfe, 0xff, 0x7d]);

export interface EncodedPayload {
  readonly encoding: PayloadEncoding;
  readonly payload: Buffer;
}

/** Compresses off the main thread, so that the next batch is read meanwhile. */
export function encodePayload(json: Buffer): Promise<EncodedPayload> {
  if (json.length < DEFLATE_FROM_BYTES) return Promise.resolve({ encoding: 'json', payload: json });
  return new Promise((resolve, reject) => {
    deflateRaw(json, DEFLATE_OPTIONS, (error, payload) => {
      if (error) reject(error);
      else resolve({ encoding: 'deflate', payload });
    });
  });
}

/**
 * The JSON text of a payload, checked to be an array of exactly `lines` strings. A deflated one is checked to
 * be open at its end too, on a byte boundary and without a final block: else what follows it in a message
 * would be lost. Throws an `Error` for anything else; the output is bounded by `BATCH_JSON_BYTES_MAX`.
 */
export function checkedJson(encoding: PayloadEncoding, payload: Buffer, lines: number): Buffer {
  const json = encoding === 'json' ? payload : inflateOpenEnded(payload);
  // A WebSocket text message must be UTF-8: strict clients close on anything else.
  if (!isUtf8(json)) throw new Error('the payload is not UTF-8');
  const value: unknown = JSON.parse(json.toString('utf8'));
  if (!Array.isArray(value)) throw new Error('the payload is not an array');
  if (value.length !== lines) throw new Error(`the payload has ${value.length} lines, not ${lines}`);
  if (!value.every((line) => typeof line === 'string'))
    throw new Error('the payload has a line that is no string');
  return json;
}

function inflateOpenEnded(payload: Buffer): Buffer {
  const open = Buffer.concat([payload, CLOSING_BRACE_BLOCK]);
  const expected = Math.max(INFLATE_CHUNK_BYTES_MIN, INFLATE_RATIO * payload.length);
  const chunkSize = Math.min(expected, INFLATE_CHUNK_BYTES_MAX);
  const inflated: unknown = inflateRawSync(open, { ...INFLATE_OPTIONS, chunkSize });
  const { buffer, engine } = inflated as InflateInfo;
  // Bytes behind a final block are left unread: then whatever follows the payload would be lost as well.
  if (engine.bytesWritten !== open.length || buffer.at(-1) !== 0x7d)
    throw new Error('the payload is closed or cut');
  return buffer.subarray(0, -1);
}
