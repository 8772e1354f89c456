/** A reader that stops: what the hub is made to hold back, and that nothing is lost by it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../client/node.js';
import { encodePayload } from '../../shared/store/payload.js';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.js';
import { connectHub } from '../support/hub-client.js';
import { type HubRig, startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const BATCHES = 300;
const BATCH_LINES = 1_000;
const LINES = BATCHES * BATCH_LINES;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

test.each([
  ['the window', 2_000, 0.1],
  ['the bound of text, where the window is wide', 1_000_000, 0.7],
])('%s holds the hub back, and every line comes in the end', async (_bound, window, share) => {
  const { rig, proxy, bytes } = await startFullRig();
  using client = connect({ url: proxy.url, token: rig.token(), backoff: { baseMs: 1, capMs: 20 } });
  const events = client.subscribe('web/a', { from: 'start', window })[Symbol.asyncIterator]();
  let next = 0;
  for (let result = await events.next(); result.done !== true; result = await events.next()) {
    if (result.value.type === 'gap') throw new Error(`a gap: ${JSON.stringify(result.value)}`);
    if (result.value.type === 'lines') next = result.value.seq + result.value.lines.length;
    if (next > LINES) break;
    if (proxy.connections === 1 && result.value.type === 'lines' && result.value.seq === 1) {
      await untilQuiet(proxy);
      expect(proxy.bytesFromHub).toBeLessThan(bytes * share);
    }
  }
  expect(next).toBe(LINES + 1);
});

test('control: a client that sets no window and takes all it gets is sent everything', async () => {
  const { rig, proxy, bytes } = await startFullRig();
  const client = await connectHub(proxy.url, { token: rig.token() });
  await client.next('ready');
  client.send({ type: 'subscribe', channel: 'web/a', from: 'start' });
  await client.next('caught_up');
  expect(proxy.bytesFromHub).toBeGreaterThan(bytes);
});

/** A channel that is larger than all that lies between a hub and its client; `bytes` is what it takes on the wire. */
async function startFullRig(): Promise<{ rig: HubRig; proxy: CuttingProxy; bytes: number }> {
  const rig = await startHubRig({ redisUrl: redis.url });
  const lines = Array.from({ length: BATCH_LINES }, () => randomBytes(375).toString('base64'));
  const encoded = await encodePayload(Buffer.from(JSON.stringify(lines)));
  for (let batch = 0; batch < BATCHES; batch += 1) await rig.appendPayload('web/a', BATCH_LINES, encoded);
  const proxy = await startCuttingProxy(rig.url);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { rig, proxy, bytes: BATCHES * encoded.payload.length };
}

/** Until nothing more came for a while. If that is too early the test proves less, but it does not fail. */
async function untilQuiet(proxy: CuttingProxy): Promise<void> {
  let seen = -1;
  let looksAlike = 0;
  await waitFor('the hub to pause', () => {
    looksAlike = proxy.bytesFromHub === seen ? looksAlike + 1 : 0;
    seen = proxy.bytesFromHub;
    return looksAlike >= 20;
  });
}
