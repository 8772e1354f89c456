import { expect, test } from 'vitest';
import { startStall } from '../support/fault-stall.js';

const MB = 1e6;
/** How long the slow client reads nothing, at the least; 200 MB pass in any case. */
const SLOW_SECONDS = Number(process.env['SLOW_SECONDS'] ?? 0);
const STALLED_BYTES = 200 * MB;
const GROWTH_BYTES_MAX = 64 * MB;
/** Random text in base64 deflates to three quarters, and the kernel's buffers take their share. */
const HELD_BACK_BYTES_MIN = 0.7 * STALLED_BYTES;
/** Not a time but a ratio, and generous: behind a stalled client another one would wait for ever. */
const SLOWDOWN_MAX = 10;

test(
  'a client that reads nothing while 200 MB pass costs hub and others nothing, and then gets every line',
  async () => {
    await using stall = await startStall();
    const { growthBytes, bytesHeldBack, slowdown } = await stall.measure(STALLED_BYTES, SLOW_SECONDS);
    expect(bytesHeldBack).toBeGreaterThan(HELD_BACK_BYTES_MIN);
    expect(growthBytes).toBeLessThan(GROWTH_BYTES_MAX);
    expect(slowdown).toBeLessThan(SLOWDOWN_MAX);
    expect(await stall.catchUp()).toBeLessThan(GROWTH_BYTES_MAX);
  },
  300_000 + SLOW_SECONDS * 1000,
);

test('with an outbox that holds everything the same measurement sees the hub grow', async () => {
  await using stall = await startStall({ limits: { outbox_bytes: '1GB' } });
  const { growthBytes } = await stall.measure(STALLED_BYTES, 0);
  expect(growthBytes).toBeGreaterThan(GROWTH_BYTES_MAX);
}, 300_000);
