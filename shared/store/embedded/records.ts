/**
 * The values of the embedded store, as bytes. Everything but a payload is JSON. Throws a `StoreError`
 * ('corrupt') for what tailrace cannot have written. Pure.
 */
import { messageOf, StoreError } from '../../errors.js';
import type { Batch, SourceDescription, StoredBatch } from '../log-store.js';

const LENGTH_BYTES = 4;

export interface Head {
  readonly epoch: string;
  /** Seq that the next line gets. */
  readonly next: number;
  /** Payload bytes of the retained batches. */
  readonly bytes: number;
  /** Id of the newest entry ever appended. */
  readonly last: string;
}

export interface PositionRecord {
  readonly offset: number;
  readonly mark: string;
  /** Seq of the source's last stored line, 0 for none. */
  readonly lastSeq: number;
}

export interface SeqRecord {
  readonly entry: string;
  readonly bytes: number;
}

type EntryHeader = Omit<StoredBatch, 'payload'>;

export function encodeRecord(record: Head | PositionRecord | SeqRecord | SourceDescription): Buffer {
  return Buffer.from(JSON.stringify(record));
}

export function decodeHead(bytes: Buffer): Head {
  return decode(bytes) as Head;
}

export function decodePosition(bytes: Buffer): PositionRecord {
  return decode(bytes) as PositionRecord;
}

export function decodeSeq(bytes: Buffer): SeqRecord {
  return decode(bytes) as SeqRecord;
}

export function decodeDescription(bytes: Buffer): SourceDescription {
  return decode(bytes) as SourceDescription;
}

/** Length of the header, header as JSON, payload as it is. */
export function encodeEntry(batch: Batch, entry: string, seq: number): Buffer {
  const { source, from, to, lines, encoding, cut, payload } = batch;
  const fields: EntryHeader = { entry, seq, source, from, to, lines, encoding, cut };
  const header = Buffer.from(JSON.stringify(fields));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, payload]);
}

export function decodeEntry(bytes: Buffer): StoredBatch {
  const { header, payload } = split(bytes);
  return { ...(decode(header) as EntryHeader), payload };
}

export function payloadBytes(entry: Buffer): number {
  return split(entry).payload.length;
}

function split(bytes: Buffer): { header: Buffer; payload: Buffer } {
  const end = bytes.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : LENGTH_BYTES + bytes.readUInt32BE();
  if (end > bytes.length) throw corrupt('an entry is cut off');
  return { header: bytes.subarray(LENGTH_BYTES, end), payload: bytes.subarray(end) };
}

function decode(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw corrupt(messageOf(error));
  }
}

function corrupt(what: string): StoreError {
  const advice = 'stop tailrace and restore the data directory, or move it away to start anew';
  return new StoreError('corrupt', `The embedded store holds a damaged record (${what}): ${advice}.`);
}
