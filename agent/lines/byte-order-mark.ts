/** The byte order mark at the start of a source decides over the configured encoding, as in browsers. Pure. */
import { type TextEncoding, UTF_8, UTF_16BE, UTF_16LE } from './text-encoding.js';

export const BOM_BYTES_MAX = 3;

const NO_MARK = Buffer.alloc(0);

const MARKS = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), encoding: UTF_8 },
  { bytes: Buffer.from([0xff, 0xfe]), encoding: UTF_16LE },
  { bytes: Buffer.from([0xfe, 0xff]), encoding: UTF_16BE },
];

export interface EncodingAtStart {
  readonly encoding: TextEncoding;
  /** Not a part of the text; mostly empty. */
  readonly mark: Buffer;
}

/** By the first bytes of a source; undefined as long as they may become a mark that is not written yet. */
export function encodingAt(head: Buffer, configured: TextEncoding): EncodingAtStart | undefined {
  for (const { bytes, encoding } of MARKS) {
    const common = Math.min(bytes.length, head.length);
    if (!head.subarray(0, common).equals(bytes.subarray(0, common))) continue;
    return common < bytes.length ? undefined : { encoding, mark: bytes };
  }
  return { encoding: configured, mark: NO_MARK };
}
