import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BATCH_JSON_BYTES_MAX } from '../../shared/protocol/limits.js';
import { checkedJson, encodePayload } from '../../shared/store/payload.js';

const jsonOf = (lines: unknown[]) => Buffer.from(JSON.stringify(lines));
const manyLines = Array.from({ length: 300 }, (_, index) => `line ${index} of "many" – ünïcode`);

describe('a payload', () => {
  test('comes back as it was written, deflated from 1 KiB on', async () => {
    for (const lines of [['one'], manyLines]) {
      const json = jsonOf(lines);
      const { encoding, payload } = await encodePayload(json);
      expect(encoding).toBe(json.length < 1024 ? 'json' : 'deflate');
      expect(checkedJson(encoding, payload, lines.length).equals(json)).toBe(true);
    }
  });

  test('ends with a sync flush, so that a message can go on behind it', async () => {
    const { payload } = await encodePayload(jsonOf(manyLines));
    expect(payload.subarray(-4)).toEqual(Buffer.from([0, 0, 0xff, 0xff]));
  });

  test('is refused when it is no array, has another count, or holds something else than strings', () => {
    const refused: [unknown, number][] = [
      [{ 0: 'a', length: 1 }, 1],
      [['a', 'b'], 1],
      [['a', 1], 2],
      [['a', null], 2],
    ];
    for (const [value, lines] of refused) {
      expect(() => checkedJson('json', Buffer.from(JSON.stringify(value)), lines)).toThrow(/payload/);
    }
    expect(() => checkedJson('json', Buffer.from('["a"'), 1)).toThrow(/JSON/);
  });

  test('is refused when deflate data is final or cut, for what follows would be lost', async () => {
    const json = jsonOf(manyLines);
    const { payload } = await encodePayload(json);
    const closedWithBrace = deflateRawSync(Buffer.concat([json, Buffer.from('}')]));
    const refused = [deflateRawSync(json), closedWithBrace, payload.subarray(0, -4), payload.subarray(0, -1)];
    for (const bad of refused) expect(() => checkedJson('deflate', bad, manyLines.length)).toThrow();
  });

  test('is refused when it is not UTF-8, which a text message must be', () => {
    const json = Buffer.concat([Buffer.from('["a'), Buffer.from([0xff]), Buffer.from('"]')]);
    expect(() => checkedJson('json', json, 1)).toThrow(/UTF-8/);
  });

  test('that inflates beyond the bound is refused before it fills the memory', async () => {
    const bomb = await encodePayload(jsonOf(['x'.repeat(BATCH_JSON_BYTES_MAX)]));
    expect(bomb.payload.length).toBeLessThan(100_000);
    expect(() => checkedJson('deflate', bomb.payload, 1)).toThrow(RangeError);
  });
});
