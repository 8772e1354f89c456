/** What `caught_up` promises to whoever asks for all there is and then stops, as `tail --no-follow` does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../client/node.js';
import type { LogReader } from '../../shared/store/log-store.js';
import { startHubRig } from '../support/hub-rig.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

test('what was stored before the request comes before caught_up, also when its doorbell is late', async () => {
  const rig = await startHubRig({
    redisUrl: redis.url,
    wrapReader: withoutDoorbells,
    timeouts: { sweepIntervalMs: 3_600_000 },
  });
  await rig.append('web/a', ['first']);
  using client = connect({ url: rig.url, token: rig.token() });
  const first = client.subscribe('web/a', { from: 'start' });
  for await (const event of first) if (event.type === 'caught_up') break;
  await rig.append('web/a', ['second']);
  const second = client.subscribe('web/a', { from: { cursor: first.cursor ?? '' } });
  const lines: string[] = [];
  for await (const event of second) {
    if (event.type === 'lines') lines.push(...event.lines);
    if (event.type === 'caught_up') break;
  }
  expect(lines).toEqual(['second']);
});

function withoutDoorbells(reader: LogReader): LogReader {
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'listen') return () => {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
